/** Reads one HTTP/1 response as it arrives. Knows where its parts end; knows no connection. */
import { HEAD_LIMIT } from "../fastcgi/cgi-head.ts";
import { type HttpHead, readHttpHead } from "./http-head.ts";

/** Called for the parts of a response. `body` is called for each slice, never with an empty one. */
export interface HttpResponseEvents {
  head(head: HttpHead): void;
  body(slice: Buffer): void;
}

/**     head ──▶ sized ──▶ done            head ──▶ untilClose ──finish()──▶ done
 *      head ──▶ size ──▶ chunk ──▶ chunkEnd ──▶ size … size ──0──▶ trailer ──▶ done
 * An interim response (1xx) does not change the state: another head follows. */
type State = "head" | "sized" | "untilClose" | "size" | "chunk" | "chunkEnd" | "trailer" | "done";

const SIZE_LINE = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;
/** The longest line between chunks or in the trailer, in characters. */
const LINE_LIMIT = 8 * 1024;
const LINE_END = "\r\n";
const LF = 0x0a;

export class HttpResponseReader {
  readonly #method: string;
  readonly #events: HttpResponseEvents;
  #state: State = "head";
  /** The part of the current line, or of the head, that has arrived. */
  #text = "";
  /** The last characters of `#text`: the line's end may have begun there. */
  #tail = "";
  /** How many bytes of the body, or of the chunk, are still missing. */
  #left = 0;

  /** @param method the request's method */
  constructor(method: string, events: HttpResponseEvents) {
    this.#method = method;
    this.#events = events;
  }

  /** True when the response is complete. Bytes after it are ignored. */
  get done(): boolean {
    return this.#state === "done";
  }

  /**
   * @returns the number of pieces in the chunk: lines, and slices of the body
   * @throws RangeError for an invalid response
   */
  push(bytes: Buffer): number {
    let remaining = bytes;
    let pieces = 0;
    for (; remaining.length > 0 && this.#state !== "done"; pieces += 1) remaining = this.#step(remaining);
    return pieces;
  }

  /** Called when the connection has ended. @returns false if the response is incomplete */
  finish(): boolean {
    if (this.#state === "untilClose") this.#state = "done";
    return this.#state === "done";
  }

  /** Processes the next piece. @returns the bytes after it */
  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "head":
        return this.#readUntil(bytes, LINE_END + LINE_END, HEAD_LIMIT, (text) => this.#begin(text));
      case "size":
        return this.#readUntil(bytes, LINE_END, LINE_LIMIT, (line) => this.#beginChunk(line));
      case "chunkEnd":
        return this.#readUntil(bytes, LINE_END, LINE_LIMIT, (line) => {
          if (line !== "") throw new RangeError("a chunk is longer than its size");
          this.#state = "size";
        });
      case "trailer":
        return this.#readUntil(bytes, LINE_END, LINE_LIMIT, (line) => {
          if (line === "") this.#state = "done";
        });
      case "untilClose":
        this.#events.body(bytes);
        return bytes.subarray(bytes.length);
      default:
        return this.#readBody(bytes);
    }
  }

  #begin(text: string): void {
    const head = readHttpHead(text, this.#method);
    if (head.code === 101)
      throw new RangeError("the server switched protocols although the request did not ask for it");
    if (head.code < 200) return;
    this.#events.head(head);
    const { framing } = head;
    if (framing === "close") this.#state = "untilClose";
    else if (framing === "chunked") this.#state = "size";
    else {
      this.#left = framing;
      this.#state = framing === 0 ? "done" : "sized";
    }
  }

  #beginChunk(line: string): void {
    const [, size] = SIZE_LINE.exec(line) ?? [];
    if (size === undefined) throw new RangeError("a chunk has no valid size");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailer" : "chunk";
  }

  #readBody(bytes: Buffer): Buffer {
    const slice = bytes.subarray(0, this.#left);
    this.#left -= slice.length;
    this.#events.body(slice);
    if (this.#left === 0) this.#state = this.#state === "chunk" ? "chunkEnd" : "done";
    return bytes.subarray(slice.length);
  }

  /** Collects text up to `end`, at most one line per call. Scans each byte once, however small the pieces are. */
  #readUntil(bytes: Buffer, end: string, limit: number, found: (text: string) => void): Buffer {
    const line = bytes.subarray(0, bytes.indexOf(LF) + 1 || bytes.length);
    const piece = line.toString("latin1");
    const seen = this.#tail + piece;
    this.#text += piece;
    if (!seen.endsWith(end)) {
      this.#tail = seen.slice(1 - end.length);
      if (this.#text.length > limit) throw new RangeError("the response head, or a line between chunks, is too long");
      return bytes.subarray(line.length);
    }
    const text = this.#text.slice(0, -end.length);
    this.#text = "";
    this.#tail = "";
    found(text);
    return bytes.subarray(line.length);
  }
}
