/** The request body, read from STDIN records with back-pressure. Knows sizes and limits; knows no record. */
import { ClientDisconnectError } from "../../errors.ts";
import { bodyTooLarge } from "../../node/body-too-large.ts";
import { BlockQueue } from "../../wsgi/block-queue.ts";
import { type ByteSource, readTooLate } from "../../wsgi/input.ts";

/** While nobody reads, the queue may take this many bytes of memory, plus one chunk. Then the connection is paused. */
const READ_AHEAD = 64 * 1024;

/** The connection that the bytes come from. */
export interface PausableSource {
  pause(): void;
  resume(): void;
}

export interface StdinLimits {
  /** The CONTENT_LENGTH, in bytes; undefined if the client did not send one. */
  readonly declared: number | undefined;
  /** The largest body, in bytes. */
  readonly maxSize: number;
}

export class Stdin implements ByteSource {
  readonly #source: PausableSource;
  readonly #limits: StdinLimits;
  readonly #slices: BlockQueue = new BlockQueue();
  #size = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #since = 0;

  constructor(source: PausableSource, limits: StdinLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** When the application began to wait for the web server, on the clock of `performance.now()`; Infinity if it does not wait. */
  get waitingSince(): number {
    return this.#wake === undefined ? Number.POSITIVE_INFINITY : this.#since;
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const slice = this.#slices.shift();
      if (slice !== undefined) return slice;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      this.#source.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#since = performance.now();
      });
    }
  }

  /** Adds a slice; an empty slice is the end. Bytes beyond CONTENT_LENGTH do not belong to the body and are dropped. */
  push(slice: Buffer): void {
    if (this.#ended || this.#failure !== undefined) return;
    if (slice.length === 0) this.#end();
    else this.#take(slice.subarray(0, Math.max(0, (this.#limits.declared ?? Number.POSITIVE_INFINITY) - this.#size)));
    this.#notify();
  }

  /** Ends the body with an error. Unread bytes are dropped. */
  fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#slices.clear();
    this.#notify();
  }

  /** Called when the request is over. A complete body can still be read. An incomplete one fails, so it does not look complete. */
  release(): void {
    if (!this.#ended) this.fail(readTooLate());
  }

  #take(slice: Buffer): void {
    if (slice.length === 0) return;
    this.#size += slice.length;
    if (this.#size > this.#limits.maxSize) {
      this.#failure = bodyTooLarge(this.#limits.maxSize);
      return;
    }
    this.#slices.push(slice);
    if (this.#slices.cost >= READ_AHEAD) this.#source.pause();
  }

  #end(): void {
    if (this.#size < (this.#limits.declared ?? 0)) {
      this.#failure = new ClientDisconnectError("the client closed the connection before its body was complete");
    }
    this.#ended = true;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
