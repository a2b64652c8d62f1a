/** The body of a Node request as a `ByteSource`. Knows streams, limits and disconnects; knows nothing of WSGI's read methods. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { BodyTooLargeError, ClientDisconnectError } from "../errors.ts";
import type { MemoryBudget } from "../node/memory-budget.ts";
import { type ByteSource, readTooLate } from "../wsgi/input.ts";

/** A body of unknown or larger size that nobody reads costs its connection: what follows must not be taken for a request. */
const DRAIN_LIMIT = 64 * 1024;

/** How much of a body that was read can be given back to the request for the next handler. */
export const RESTORE_LIMIT: number = 1024 * 1024;

/** By its stream, not its version: what `toWsgi` makes of an HTTP/2 request has the form of HTTP/1. */
function isHttp2(req: object): req is Http2ServerRequest {
  return "stream" in req;
}

/** RFC 9112 §6.3: over HTTP/1 a request has a body if, and only if, one of two headers announces it. */
export function hasBody(req: IncomingMessage): boolean {
  if (isHttp2(req)) return !req.stream.endAfterHeaders;
  return declaredLength(req) !== 0;
}

/** True when so much of the body may still come that waiting for it, to reuse the connection, is not worth it. */
export function leavesMuchUnread(req: IncomingMessage): boolean {
  return !isHttp2(req) && !req.complete && declaredLength(req) > DRAIN_LIMIT;
}

/** Bytes; infinite for a chunked body. From the raw headers: `maxHeadersCount` hides some of the others. */
function declaredLength({ rawHeaders }: IncomingMessage): number {
  let length = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(rawHeaders[i + 1]);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") return Number.POSITIVE_INFINITY;
  }
  return length;
}

/** Requests whose bodies were read and given back whole. */
const restored: WeakSet<IncomingMessage> = new WeakSet();

/** True if somebody has read a part of the body and did not give it back. */
export function wasRead(req: IncomingMessage): boolean {
  return req.readableDidRead && !(restored.has(req) && !req.readableEnded && !req.readableFlowing);
}

/** Reads on demand: until the first `next()` the socket's own flow control holds the client back. */
export class RequestBody implements ByteSource {
  readonly #req: IncomingMessage;
  readonly #maxSize: number;
  /** What was read, for `restore`; undefined once that is more than can be kept, or if nobody may want it. */
  #kept: Uint8Array[] | undefined;
  readonly #memory: MemoryBudget | undefined;
  #size = 0;
  #wake: (() => void) | undefined;
  #listening = false;
  #failed = false;
  #over = false;

  /**
   * @param maxSize bytes
   * @param memory what all bodies may keep together for `restore`; undefined if nobody may want it
   * @throws BodyTooLargeError when the declared length exceeds `maxSize`
   */
  constructor(req: IncomingMessage, maxSize: number, memory: MemoryBudget | undefined) {
    this.#req = req;
    this.#maxSize = maxSize;
    this.#memory = memory;
    this.#kept = memory && [];
    restored.delete(req); // it is read again from here on
    const declared = declaredLength(req);
    if (Number.isFinite(declared) && declared > maxSize) throw tooLarge(maxSize);
  }

  /** Node discards a body that nobody has asked for when its response is sent, which may be before the first `next()`. */
  begin(): void {
    if (this.#over || this.#listening) return;
    this.#listen();
    this.#req.read(0);
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#over) throw readTooLate();
    this.#listen();
    for (;;) {
      // Before reading: a read at the end would end the stream, and the next handler would find nothing after `restore()`.
      if (this.#whole()) return undefined;
      const chunk = this.#readBuffered();
      if (chunk !== null) return this.#count(chunk);
      if (this.#failed || this.#req.destroyed) {
        throw new ClientDisconnectError("the client closed the connection before its body was whole");
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /**
   * The response is over. When it is sent, Node discards a body that nobody has begun to read: a later reader must not take that for
   * its end. One who has begun has the rest of it, which is this request's alone.
   */
  release(res: ServerResponse): void {
    this.#forget();
    if (this.#listening) return;
    res.once("finish", () => {
      this.#over = !this.#listening;
    });
  }

  /**
   * Gives what was read back to the request, so that the next handler finds the body whole.
   *
   * @returns false when more was read than could be kept
   */
  restore(): boolean {
    if (this.#size > 0 && this.#kept === undefined) return false;
    this.#leave();
    if (this.#size > 0) this.#req.unshift(Buffer.concat(this.#kept as Uint8Array[]));
    restored.add(this.#req);
    this.#forget(); // they are the request's own again
    return true;
  }

  /** All of it has come, and was read. HTTP/2 calls a request complete that was aborted, too. */
  #whole(): boolean {
    const { complete, readableLength } = this.#req;
    return complete && readableLength === 0 && !(this.#failed && isHttp2(this.#req));
  }

  /**
   * No more than is there: to ask for more would end a stream that `restore` may have to put bytes back into. And no more
   * than the stream's own mark, which Node would raise, each time further, until a whole body could pile up.
   */
  #readBuffered(): Uint8Array | null {
    const { readableLength, readableHighWaterMark } = this.#req;
    const length = Math.min(readableLength, readableHighWaterMark);
    return this.#req.read(length) as Uint8Array | null; // `read(0)` asks the socket for more and returns nothing
  }

  #count(chunk: Uint8Array): Uint8Array {
    this.#size += chunk.length;
    if (this.#size > this.#maxSize) throw tooLarge(this.#maxSize);
    this.#keep(chunk);
    return chunk;
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === undefined) return;
    if (this.#size <= RESTORE_LIMIT && this.#memory?.take(chunk.length)) this.#kept.push(chunk);
    else this.#forget();
  }

  #forget(): void {
    for (const { length } of this.#kept ?? []) this.#memory?.giveBack(length);
    this.#kept = undefined;
  }

  /** Once, for the life of the request: Node drops them with it. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    for (const event of WAKING) this.#req.on(event, this.#wakeUp);
    for (const event of FAILING) this.#req.on(event, this.#fail);
  }

  /** While somebody listens for `readable`, a stream does not flow to a reader that listens for `data`. */
  #leave(): void {
    if (!this.#listening) return;
    this.#listening = false;
    for (const event of WAKING) this.#req.off(event, this.#wakeUp);
    for (const event of FAILING) this.#req.off(event, this.#fail);
  }

  readonly #wakeUp = (): void => this.#wake?.();

  readonly #fail = (): void => {
    this.#failed = true;
    this.#wake?.();
  };
}

const WAKING = ["readable", "end", "close"] as const;
const FAILING = ["error", "aborted"] as const;

function tooLarge(maxSize: number): BodyTooLargeError {
  return new BodyTooLargeError(`the request's body is longer than maxBodySize allows, ${maxSize} bytes`);
}
