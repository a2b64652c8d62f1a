/** Reads one HTTP/1 response as it arrives. Knows where its parts end; knows no connection. */
import { HEAD_LIMIT } from "../fastcgi/cgi-head.ts";
import { type HttpHead, readHttpHead } from "./http-head.ts";

/** What the response brings. `body` comes in slices, none of them empty. */
export interface HttpResponseEvents {
  head(head: HttpHead): void;
  body(slice: Buffer): void;
}

/**     head ──▶ sized ──▶ done            head ──▶ toEnd ──finish()──▶ done
 *      head ──▶ size ──▶ chunk ──▶ chunkEnd ──▶ size … size ──0──▶ trailer ──▶ done
 * An interim response (1xx) leaves it where it is: another head follows. */
type State = "head" | "sized" | "toEnd" | "size" | "chunk" | "chunkEnd" | "trailer" | "done";

const SIZE_LINE = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;
/** Characters of a line between chunks, and of all trailers. */
const LINE_LIMIT = 8 * 1024;
const LINE_END = "\r\n";
const LF = 0x0a;

export class HttpResponseReader {
  readonly #method: string;
  readonly #events: HttpResponseEvents;
  #state: State = "head";
  /** Of the head or a line: what has come, and the last of it, in which its end may have begun. */
  #text = "";
  #tail = "";
  /** Bytes still to come, of the body or of a chunk. */
  #left = 0;

  /** @param method of the request */
  constructor(method: string, events: HttpResponseEvents) {
    this.#method = method;
    this.#events = events;
  }

  /** The response is whole. What follows is no part of it. */
  get done(): boolean {
    return this.#state === "done";
  }

  /**
   * @returns how many pieces there were in it: lines, and slices of the body
   * @throws RangeError for what is no response
   */
  push(bytes: Buffer): number {
    let rest = bytes;
    let pieces = 0;
    for (; rest.length > 0 && this.#state !== "done"; pieces += 1) rest = this.#step(rest);
    return pieces;
  }

  /** The connection has ended. @returns false for a response that is not whole */
  finish(): boolean {
    if (this.#state === "toEnd") this.#state = "done";
    return this.#state === "done";
  }

  /** @returns what was not taken */
  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "head":
        return this.#through(bytes, LINE_END + LINE_END, HEAD_LIMIT, (text) => this.#begin(text));
      case "size":
        return this.#through(bytes, LINE_END, LINE_LIMIT, (line) => this.#beginChunk(line));
      case "chunkEnd":
        return this.#through(bytes, LINE_END, LINE_LIMIT, (line) => {
          if (line !== "") throw new RangeError("a chunk is longer than its size");
          this.#state = "size";
        });
      case "trailer":
        return this.#through(bytes, LINE_END, LINE_LIMIT, (line) => {
          if (line === "") this.#state = "done";
        });
      case "toEnd":
        this.#events.body(bytes);
        return bytes.subarray(bytes.length);
      default:
        return this.#take(bytes);
    }
  }

  #begin(text: string): void {
    const head = readHttpHead(text, this.#method);
    if (head.code === 101) throw new RangeError("the server changed the protocol, unasked");
    if (head.code < 200) return;
    this.#events.head(head);
    const { framing } = head;
    if (framing === "close") this.#state = "toEnd";
    else if (framing === "chunked") this.#state = "size";
    else {
      this.#left = framing;
      this.#state = framing === 0 ? "done" : "sized";
    }
  }

  #beginChunk(line: string): void {
    const [, size] = SIZE_LINE.exec(line) ?? [];
    if (size === undefined) throw new RangeError("a chunk has no size");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailer" : "chunk";
  }

  #take(bytes: Buffer): Buffer {
    const slice = bytes.subarray(0, this.#left);
    this.#left -= slice.length;
    this.#events.body(slice);
    if (this.#left === 0) this.#state = this.#state === "chunk" ? "chunkEnd" : "done";
    return bytes.subarray(slice.length);
  }

  /** Text up to `end`, line by line and however it is cut: no byte is looked at twice, so that small pieces cost no more. */
  #through(bytes: Buffer, end: string, limit: number, found: (text: string) => void): Buffer {
    const line = bytes.subarray(0, bytes.indexOf(LF) + 1 || bytes.length);
    const piece = line.toString("latin1");
    const seen = this.#tail + piece;
    this.#text += piece;
    if (!seen.endsWith(end)) {
      this.#tail = seen.slice(1 - end.length);
      if (this.#text.length > limit) throw new RangeError("the response head, or a line between chunks, does not end");
      return bytes.subarray(line.length);
    }
    const text = this.#text.slice(0, -end.length);
    this.#text = "";
    this.#tail = "";
    found(text);
    return bytes.subarray(line.length);
  }
}
