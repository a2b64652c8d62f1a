/** The body of a Node request as a `ByteSource`. Knows streams, limits and disconnects; does not know WSGI's read methods. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ClientDisconnectError } from "../errors.ts";
import { bodyTooLarge } from "../node/body-too-large.ts";
import type { MemoryBudget } from "../node/memory-budget.ts";
import { type ByteSource, readTooLate } from "../wsgi/input.ts";
import { declaredLength, isHttp2 } from "./declared-body.ts";

/** The largest part of a body, in bytes, that can be read and then restored for the next handler. */
export const RESTORE_LIMIT: number = 1024 * 1024;

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
  /** The chunks read so far, for `handOver()`. Undefined if they exceed a limit, or if no other handler can need them. */
  #kept: Uint8Array[] | undefined;
  readonly #memory: MemoryBudget | undefined;
  #size = 0;
  /** Wakes a pending `next()`. */
  #resume: (() => void) | undefined;
  #listening = false;
  /** The app has begun to read. Without listeners this means that the body was complete and empty by then. */
  #begun = false;
  #failed = false;
  /** Node has discarded the body, because the response was sent before anybody read it; or another handler reads it now. */
  #discarded = false;

  /**
   * @param maxSize in bytes
   * @param memory the memory that all bodies share for `handOver()`; undefined if no other handler can need the body
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
    if (this.#discarded || this.#begun) return;
    this.#begun = true;
    this.#addListeners();
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#discarded) throw readTooLate();
    this.begin();
    for (;;) {
      // Checked before reading: `read()` at the end would end the stream, and `handOver()` could not put the body back.
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
    if (this.#begun) return;
    res.once("finish", () => {
      this.#discarded = !this.#begun;
    });
  }

  /** Whether the next handler can get the whole body: false if more was read than could be kept. */
  get canRestore(): boolean {
    return this.#size === 0 || this.#kept !== undefined;
  }

  /**
   * Leaves the body to another handler, which calls `then`: with the chunks that were read if they were kept, and without any
   * listener. The app's later reads fail.
   */
  handOver(then: () => void): void {
    if (this.#size > 0 && this.#kept !== undefined && !this.#req.destroyed) {
      this.#req.unshift(Buffer.concat(this.#kept));
    }
    if (this.canRestore) restored.add(this.#req);
    this.#releaseKept(); // the request itself holds these bytes now
    this.#discarded = true;
    if (!this.#listening) {
      then();
      return;
    }
    this.#removeListeners();
    process.nextTick(then); // the stream notices only in the next tick that the `readable` listener is gone
  }

  /**
   * Whether the whole body has arrived and was read. On HTTP/2, `complete` is true for an aborted request, too, and otherwise
   * only when the request has ended; then it would be too late to put chunks back.
   */
  #isComplete(): boolean {
    const { readableLength, complete } = this.#req;
    if (readableLength > 0) return false;
    return isHttp2(this.#req) ? !this.#failed && (complete || this.#req.stream.readableEnded) : complete;
  }

  /**
   * Reads at most what is buffered: asking for more could end the stream, and then `handOver()` cannot put bytes back. Also
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

  /**
   * Adds the listeners, which stay until `handOver()`. Not to a body that has ended: a new `readable` listener makes the stream
   * read, and a read at the end would end the stream. For the same reason the body is read before it has a listener.
   */
  #addListeners(): void {
    if (this.#isComplete()) return;
    this.#listening = true;
    this.#req.read(0);
    for (const event of PROGRESS_EVENTS) this.#req.on(event, this.#onProgress);
    for (const event of FAILURE_EVENTS) this.#req.on(event, this.#onFailure);
  }

  /** Removes the listeners. While a `readable` listener exists, the stream sends nothing to `data` listeners. */
  #removeListeners(): void {
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
