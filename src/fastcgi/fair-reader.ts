/** When a connection is read. Knows back-pressure and turns of the event loop; knows no record. */
import type { Readable } from "node:stream";

/** A chunk of more records, or of more chunks of HTTP, takes its time. One of 64 KiB may have 8,000 of them. */
const MANY = 1_000;

export class FairReader {
  readonly #stream: Readable;
  #isPaused = false;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream.resume();
  }

  /**
   * Gives others a turn after a chunk of many pieces: Node hands on as many as 32 chunks in a row, and all of them together
   * would hold the event loop for too long.
   */
  took(pieces: number): void {
    if (pieces < MANY) return;
    this.#stream.pause();
    setTimeout(() => {
      if (!this.#isPaused) this.#stream.resume();
    }, 0); // not setImmediate(), which comes before the timers of others
  }
}
