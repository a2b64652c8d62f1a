/** Large blocks in small writes, one after another. Knows room; knows nothing of what is written. */
import { BlockQueue } from "../wsgi/block-queue.ts";
import type { DrainWaiter } from "./drain-waiter.ts";

/** The most of one write, in bytes. Smaller ones would cost much where the client is fast. */
export const SLICE: number = 64 * 1024;

/** What is written to. */
export interface SlicesTarget {
  /** @returns false when there is no room for more */
  write(block: Uint8Array): boolean;
  end(): void;
}

/** HTTP/2 tells that a client has taken something when it has taken all of a write: only small ones show that it is slow, not gone. */
export class Slices {
  readonly #target: SlicesTarget;
  readonly #drain: DrainWaiter;
  readonly #queue: BlockQueue = new BlockQueue();
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #ended = false;

  /** @param room that of the target */
  constructor(target: SlicesTarget, room: DrainWaiter) {
    this.#target = target;
    this.#drain = room;
  }

  /** False: the block can be written as it is. */
  takes(block: Uint8Array): boolean {
    return this.#isSending || block.length > SLICE;
  }

  /** Resolves when all of it is written; rejects when the client has left. */
  write(block: Uint8Array): Promise<void> {
    this.#queue.push(block);
    if (!this.#isSending) {
      this.#isSending = true;
      this.#sending = this.#send();
      this.#sending.catch(() => undefined); // after the last block nobody waits
    }
    return this.#sending;
  }

  /** The end comes after what is being written. */
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
