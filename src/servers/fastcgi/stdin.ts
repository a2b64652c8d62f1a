/** STDIN as the source of a body, with its back-pressure. Knows sizes and limits; knows no record. */
import { BodyTooLargeError, ClientDisconnectError } from "../../errors.ts";
import { BlockQueue } from "../../wsgi/block-queue.ts";
import { type ByteSource, readTooLate } from "../../wsgi/input.ts";

/** While nobody reads, what is taken from the connection costs so many bytes and no more, but for what one chunk of it holds. */
const READ_AHEAD = 64 * 1024;

/** The connection that the bytes come from. */
export interface PausableSource {
  pause(): void;
  resume(): void;
}

export interface StdinLimits {
  /** Bytes, as CONTENT_LENGTH says; undefined where the client did not say. */
  readonly declared: number | undefined;
  /** Bytes. */
  readonly most: number;
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

  /** Since when the application waits for the web server, as `performance.now()` has it; Infinity when it does not. */
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

  /** The next slice; an empty one is the end. What is longer than CONTENT_LENGTH is no part of the body. */
  push(slice: Buffer): void {
    if (this.#ended || this.#failure !== undefined) return;
    if (slice.length === 0) this.#end();
    else this.#take(slice.subarray(0, Math.max(0, (this.#limits.declared ?? Number.POSITIVE_INFINITY) - this.#size)));
    this.#notify();
  }

  /** No more will come: what is not read yet is nobody's. */
  fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#slices.clear();
    this.#notify();
  }

  /** The request is over. What has come whole may still be read; the rest is discarded, which must not look like its end. */
  release(): void {
    if (!this.#ended) this.fail(readTooLate());
  }

  #take(slice: Buffer): void {
    if (slice.length === 0) return;
    this.#size += slice.length;
    if (this.#size > this.#limits.most) {
      this.#failure = new BodyTooLargeError(`the body is longer than maxBodySize, ${this.#limits.most} bytes`);
      return;
    }
    this.#slices.push(slice);
    if (this.#slices.cost >= READ_AHEAD) this.#source.pause();
  }

  #end(): void {
    if (this.#size < (this.#limits.declared ?? 0)) {
      this.#failure = new ClientDisconnectError("the client closed the connection before its body was whole");
    }
    this.#ended = true;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
