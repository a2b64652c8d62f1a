/** Reads a connection without blocking the event loop for long. Knows back-pressure; knows no record. */
import type { Readable } from "node:stream";

/** A chunk with this many pieces (records, or lines of HTTP) takes long to process. A chunk of 64 KiB can have 8,000 pieces. */
const MANY_PIECES = 1_000;

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
   * Lets other work run after a chunk of many pieces. Node delivers up to 32 chunks in a row, and processing all of them at once
   * would block the event loop for too long.
   *
   * @param pieces the number of pieces in the chunk that was just processed
   */
  processed(pieces: number): void {
    if (pieces < MANY_PIECES) return;
    this.#stream.pause();
    setTimeout(() => {
      if (!this.#isPaused) this.#stream.resume();
    }, 0); // not setImmediate(), which would run before the timers of other code
  }
}
