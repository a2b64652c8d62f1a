/** The head of a CGI response (RFC 3875 §6.3): a Status field, header fields, an empty line. Knows text; knows no record. */
import { RESPONSE_HEAD_LIMIT } from "../wsgi/response-head.ts";
import type { HeaderPair } from "../wsgi/types.ts";

export interface CgiHead {
  /** `"200 OK"` */
  readonly status: string;
  readonly headers: HeaderPair[];
  /** How many bytes the head took, with the empty line. */
  readonly length: number;
}

/** A longer head is no head: the responder is broken. */
export const HEAD_LIMIT: number = RESPONSE_HEAD_LIMIT;

const NO_ROOM = Buffer.alloc(0);

/** Collects a head that may come in pieces. One reader a response. */
export class CgiHeadReader {
  #room: Buffer = NO_ROOM;
  /** How many bytes in `#room` have come; it doubles, so that many small pieces cost no more than a large one. */
  #length = 0;

  /** The head and the first bytes of the body, once the head is whole. @throws RangeError as `readCgiHead` does */
  push(content: Buffer): { head: CgiHead; rest: Buffer } | undefined {
    const searched = Math.max(0, this.#length - EMPTY_LINE);
    const bytes = this.#length === 0 ? content : this.#append(content);
    const head = readCgiHead(bytes, searched);
    if (head !== undefined) return { head, rest: bytes.subarray(head.length) };
    if (this.#length === 0) this.#append(content);
    return undefined;
  }

  #append(content: Buffer): Buffer {
    const length = this.#length + content.length;
    if (length > this.#room.length) {
      const room = Buffer.alloc(2 * length);
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    content.copy(this.#room, this.#length);
    this.#length = length;
    return this.#room.subarray(0, length);
  }
}

/** The most bytes of the line end before an empty line, and of that line, that may come apart: CR LF CR. */
const EMPTY_LINE = 3;
const LINE_END = /\r?\n/;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads a head from the front of what STDOUT brought; `undefined` while its empty line has not come. One without a Status is a
 * 200, or a 302 if it says where else to go (RFC 3875 §6.2.3).
 *
 * @param searched so many bytes at the front are known to have no empty line
 * @throws RangeError for a line that is no header field, or a head that does not end
 */
export function readCgiHead(bytes: Buffer, searched = 0): CgiHead | undefined {
  const end = headEnd(bytes, searched);
  if (end === undefined) {
    if (bytes.length > HEAD_LIMIT) throw new RangeError("the response head does not end");
    return undefined;
  }
  let status: string | undefined;
  const headers: HeaderPair[] = [];
  for (const line of bytes.toString("latin1", 0, end.text).split(LINE_END)) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new RangeError("the response head has a line that is no header field");
    const name = line.slice(0, colon);
    const value = line.charCodeAt(colon + 1) === 0x20 ? line.slice(colon + 2) : line.slice(colon + 1);
    if (name.length === 6 && name.toLowerCase() === "status") status = value;
    else headers.push([name, value]);
  }
  status ??= headers.some(([name]) => name.toLowerCase() === "location") ? "302 Found" : "200 OK";
  return { status, headers, length: end.body };
}

/** Where the head's text ends and where the body begins: at the first empty line, each line with or without CR. */
function headEnd(bytes: Buffer, from: number): { text: number; body: number } | undefined {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const text = bytes[at - 1] === CR ? at - 1 : at;
    if (bytes[at + 1] === LF) return { text, body: at + 2 };
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return { text, body: at + 3 };
  }
  return undefined;
}
