/** The head of a CGI response (RFC 3875 §6.3): a Status field, header fields, an empty line. Knows text; knows no record. */
import { RESPONSE_HEAD_LIMIT, statusField } from "../wsgi/response-head.ts";
import type { HeaderPair } from "../wsgi/types.ts";

export interface CgiHead {
  /** `"200 OK"` */
  readonly status: string;
  readonly headers: HeaderPair[];
  /** How many bytes the head took, with the empty line. */
  readonly length: number;
}

/** The longest head, in bytes. A responder that sends a longer one is faulty. */
export const HEAD_LIMIT: number = RESPONSE_HEAD_LIMIT;

const EMPTY = Buffer.alloc(0);

/** Collects a head that may arrive in pieces. Each response needs a reader of its own. */
export class CgiHeadReader {
  #buffer: Buffer = EMPTY;
  /** The number of bytes received. The buffer doubles when it is full, so that many small pieces cost no more than a large one. */
  #length = 0;

  /** Returns the head and the first bytes of the body, once the head is complete. @throws RangeError as `readCgiHead` does */
  push(content: Buffer): { head: CgiHead; rest: Buffer } | undefined {
    const searched = Math.max(0, this.#length - MAX_PARTIAL_END);
    const bytes = this.#length === 0 ? content : this.#append(content);
    const head = readCgiHead(bytes, searched);
    if (head !== undefined) return { head, rest: bytes.subarray(head.length) };
    if (this.#length === 0) this.#append(content);
    return undefined;
  }

  #append(content: Buffer): Buffer {
    const length = this.#length + content.length;
    if (length > this.#buffer.length) {
      const buffer = Buffer.alloc(2 * length);
      this.#buffer.copy(buffer, 0, 0, this.#length);
      this.#buffer = buffer;
    }
    content.copy(this.#buffer, this.#length);
    this.#length = length;
    return this.#buffer.subarray(0, length);
  }
}

/** How many bytes of the head's end (CR LF CR LF) may be at the end of an earlier piece. */
const MAX_PARTIAL_END = 3;
const LINE_END = /\r?\n/;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads a head from the front of STDOUT. Returns `undefined` until its empty line has arrived. The status of a head without a
 * Status field is 200, or 302 if the head has a Location field (RFC 3875 §6.2.3). Only the first Status field is the status.
 *
 * @param searched the number of bytes at the front that contain no empty line
 * @throws RangeError for a line that is not a header field, or for a head longer than `HEAD_LIMIT`
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
    if (colon < 1) throw new RangeError("the response head has a line that is not a header field");
    const name = line.slice(0, colon);
    const value = line.charCodeAt(colon + 1) === 0x20 ? line.slice(colon + 2) : line.slice(colon + 1);
    if (name.length !== 6 || name.toLowerCase() !== "status") headers.push([name, value]);
    else if (status === undefined) status = value;
    else headers.push(statusField(name, value));
  }
  status ??= headers.some(([name]) => name.toLowerCase() === "location") ? "302 Found" : "200 OK";
  return { status, headers, length: end.body };
}

/** Finds the end of the head's text and the start of the body: the first empty line. Lines may end with or without CR. */
function headEnd(bytes: Buffer, from: number): { text: number; body: number } | undefined {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const text = bytes[at - 1] === CR ? at - 1 : at;
    if (bytes[at + 1] === LF) return { text, body: at + 2 };
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return { text, body: at + 3 };
  }
  return undefined;
}
