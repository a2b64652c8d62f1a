/** The body of a Node request as a `ByteSource`. Knows streams, limits and disconnects; does not know WSGI's read methods. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { ClientDisconnectError } from "../errors.ts";
import { bodyTooLarge } from "../node/body-too-large.ts";
import type { MemoryBudget } from "../node/memory-budget.ts";
import { type ByteSource, readTooLate } from "../wsgi/input.ts";

/**
 * In bytes. If the app leaves a larger body unread, or one of unknown length, the connection is closed after the response.
 * Otherwise Node would have to read the rest of the body before the next request on the connection.
 */
const DRAIN_LIMIT = 64 * 1024;

/** The largest part of a body, in bytes, that can be read and then restored for the next handler. */
export const RESTORE_LIMIT: number = 1024 * 1024;

/** Tests for `stream`, not for the HTTP version: requests that `toWsgi` makes are HTTP/1 objects, even for HTTP/2 requests. */
function isHttp2(req: object): req is Http2ServerRequest {
  return "stream" in req;
}

/** Whether the request has a body. Over HTTP/1, Content-Length or Transfer-Encoding announces it (RFC 9112 §6.3). */
export function hasBody(req: IncomingMessage): boolean {
  if (isHttp2(req)) return !req.stream.endAfterHeaders;
  return declaredLength(req) !== 0;
}

/** Whether the unread part of the body may be so large that closing the connection is better than reading it to the end. */
export function hasLargeUnreadBody(req: IncomingMessage): boolean {
  return !isHttp2(req) && !req.complete && declaredLength(req) > DRAIN_LIMIT;
}

/** The declared length in bytes; infinite for a chunked body. Uses `rawHeaders`: `maxHeadersCount` truncates `headers`. */
function declaredLength({ rawHeaders }: IncomingMessage): number {
  let length = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(rawHeaders[i + 1]);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") return Number.POSITIVE_INFINITY;
  }
  return length;
}

/** The requests whose bodies were read and then restored. */
const restored: WeakSet<IncomingMessage> = new WeakSet();

/** Whether other code has read a part of the body and has not restored it. */
export function wasRead(req: IncomingMessage): boolean {
  return req.readableDidRead && !(restored.has(req) && !req.readableEnded && !req.readableFlowing);
}

/** Reads the body on demand. Until the first `next()`, TCP flow control makes the client wait. */
export class RequestBody implements ByteSource {
  readonly #req: IncomingMessage;
  readonly #maxSize: number;
  /** The chunks read so far, for `restore()`. Undefined if they exceed a limit, or if no other handler can need them. */
  #kept: Uint8Array[] | undefined;
  readonly #memory: MemoryBudget | undefined;
  #size = 0;
  /** Wakes a pending `next()`. */
  #resume: (() => void) | undefined;
  #listening = false;
  #failed = false;
  /** Node has discarded the body, because the response was sent before anybody read it. */
  #discarded = false;

  /**
   * @param maxSize in bytes
   * @param memory the memory that all bodies share for `restore()`; undefined if no other handler can need the body
   * @throws BodyTooLargeError when the declared length exceeds `maxSize`
   */
  constructor(req: IncomingMessage, maxSize: number, memory: MemoryBudget | undefined) {
    this.#req = req;
    this.#maxSize = maxSize;
    this.#memory = memory;
    this.#kept = memory && [];
    restored.delete(req); // this object reads the body again
    const declared = declaredLength(req);
    if (Number.isFinite(declared) && declared > maxSize) throw bodyTooLarge(maxSize);
  }

  /** Starts to read at once: Node discards an unread body when the response is sent, maybe before the first `next()`. */
  begin(): void {
    if (this.#discarded || this.#listening) return;
    this.#addListeners();
    this.#req.read(0);
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#discarded) throw readTooLate();
    this.#addListeners();
    for (;;) {
      // Checked before reading: `read()` at the end would end the stream, and `restore()` could not put the body back.
      if (this.#isComplete()) return undefined;
      const chunk = this.#readBuffered();
      if (chunk !== null) return this.#accept(chunk);
      if (this.#failed || this.#req.destroyed) {
        throw new ClientDisconnectError("the client closed the connection before its body was complete");
      }
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
  }

  /**
   * Called when the app has finished the request. If nobody has begun to read the body, Node discards it after the response is
   * sent. A later read must then fail instead of reporting the end of the body. A reader that has begun can continue.
   */
  release(res: ServerResponse): void {
    this.#releaseKept();
    if (this.#listening) return;
    res.once("finish", () => {
      this.#discarded = !this.#listening;
    });
  }

  /**
   * Puts the chunks that were read back into the request, so that the next handler can read the whole body.
   *
   * @returns false if more was read than could be kept
   */
  restore(): boolean {
    if (this.#size > 0 && this.#kept === undefined) return false;
    this.#removeListeners();
    if (this.#size > 0) this.#req.unshift(Buffer.concat(this.#kept as Uint8Array[]));
    restored.add(this.#req);
    this.#releaseKept(); // the request itself holds these bytes now
    return true;
  }

  /** Whether the whole body has arrived and was read. On HTTP/2, `complete` is true for an aborted request, too. */
  #isComplete(): boolean {
    const { complete, readableLength } = this.#req;
    return complete && readableLength === 0 && !(this.#failed && isHttp2(this.#req));
  }

  /**
   * Reads at most what is buffered: asking for more could end the stream, and then `restore()` cannot put bytes back. Also
   * reads at most the high-water mark: each larger read would make Node raise the mark, until it buffers a whole body.
   */
  #readBuffered(): Uint8Array | null {
    const { readableLength, readableHighWaterMark } = this.#req;
    const length = Math.min(readableLength, readableHighWaterMark);
    return this.#req.read(length) as Uint8Array | null; // `read(0)` asks the socket for more and returns nothing
  }

  #accept(chunk: Uint8Array): Uint8Array {
    this.#size += chunk.length;
    if (this.#size > this.#maxSize) throw bodyTooLarge(this.#maxSize);
    this.#keep(chunk);
    return chunk;
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === undefined) return;
    if (this.#size <= RESTORE_LIMIT && this.#memory?.reserve(chunk.length)) this.#kept.push(chunk);
    else this.#releaseKept();
  }

  #releaseKept(): void {
    for (const { length } of this.#kept ?? []) this.#memory?.release(length);
    this.#kept = undefined;
  }

  /** Adds the listeners once. They stay until `restore()`. */
  #addListeners(): void {
    if (this.#listening) return;
    this.#listening = true;
    for (const event of PROGRESS_EVENTS) this.#req.on(event, this.#onProgress);
    for (const event of FAILURE_EVENTS) this.#req.on(event, this.#onFailure);
  }

  /** Removes the listeners. While a `readable` listener exists, the stream sends nothing to `data` listeners. */
  #removeListeners(): void {
    if (!this.#listening) return;
    this.#listening = false;
    for (const event of PROGRESS_EVENTS) this.#req.off(event, this.#onProgress);
    for (const event of FAILURE_EVENTS) this.#req.off(event, this.#onFailure);
  }

  readonly #onProgress = (): void => this.#resume?.();

  readonly #onFailure = (): void => {
    this.#failed = true;
    this.#resume?.();
  };
}

const PROGRESS_EVENTS = ["readable", "end", "close"] as const;
const FAILURE_EVENTS = ["error", "aborted"] as const;
