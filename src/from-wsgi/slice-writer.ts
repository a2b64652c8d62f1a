/** Writes large blocks in small slices, one after another. Knows back-pressure; does not know what is written. */
import { BlockQueue } from "../wsgi/block-queue.ts";
import type { DrainWaiter } from "./drain-waiter.ts";

/** The maximum size of one write, in bytes. Smaller writes would be slow for fast clients. */
export const SLICE: number = 64 * 1024;

/** The stream that the slices are written to. */
export interface SliceTarget {
  /** @returns false if the caller must wait for `drain` before the next write */
  write(block: Uint8Array): boolean;
  end(): void;
}

/**
 * Splits large blocks for HTTP/2. On HTTP/2, Node reports progress only when the client has accepted a whole write, so only
 * small writes show whether a client is slow or has stalled.
 */
export class SliceWriter {
  readonly #target: SliceTarget;
  readonly #drain: DrainWaiter;
  readonly #queue: BlockQueue = new BlockQueue();
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #ended = false;

  /** @param drain waits for the target's `drain` */
  constructor(target: SliceTarget, drain: DrainWaiter) {
    this.#target = target;
    this.#drain = drain;
  }

  /** Whether the block must be written through this object; otherwise it can be written to the target directly. */
  mustSlice(block: Uint8Array): boolean {
    return this.#isSending || block.length > SLICE;
  }

  /** Resolves when all queued slices are written; rejects when the client disconnects. */
  write(block: Uint8Array): Promise<void> {
    this.#queue.push(block);
    if (!this.#isSending) {
      this.#isSending = true;
      this.#sending = this.#send();
      this.#sending.catch(() => undefined); // nobody awaits it after the last block
    }
    return this.#sending;
  }

  /** Writes the last block, then ends the target. */
  end(block: Uint8Array): void {
    this.#ended = true;
    void this.write(block);
  }

  async #send(): Promise<void> {
    while (this.#queue.size > 0) {
      const slice = this.#queue.take(Math.min(SLICE, this.#queue.size));
      if (!this.#target.write(slice)) await this.#drain.wait();
    }
    this.#isSending = false;
    if (this.#ended) this.#target.end();
  }
}
