/** A place in the generation: the process that serves there, and the one that follows it. Knows back-off; knows no other place. */
import type { Worker } from "./worker.ts";

/** A process that served so long was no part of a crash loop. */
const HEALTHY_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

export class Slot {
  serving: Worker | undefined;
  coming: Worker | undefined;
  readonly #launch: (restarts: number) => Worker;
  /** Runs until the next process starts. */
  #timer: NodeJS.Timeout | undefined;
  /** How many processes were started here. */
  #starts = 0;
  /** How many of them, without a break, did not start, or ended before they had served a request. */
  #failures = 0;

  /** @param launch starts a process */
  constructor(launch: (restarts: number) => Worker) {
    this.#launch = launch;
    this.start();
  }

  /** A process follows already. */
  get isCovered(): boolean {
    return this.coming !== undefined || this.#timer !== undefined;
  }

  /** The newest processes here did not start: nobody knows when one will. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  start(): void {
    this.#timer = undefined;
    this.coming = this.#launch(this.#starts);
    this.#starts += 1;
  }

  /**
   * Starts the process that follows `ended`: at once where that had served, since a request that crashes Python must not
   * keep it away from the others; ever later where it had not, since nothing says that the next one will.
   *
   * @returns after how many milliseconds
   */
  replace(ended: Worker): number {
    const served = ended.requests > 0 || ended.servingFor >= HEALTHY_MS;
    this.#failures = served ? 0 : this.#failures + 1;
    const delay = this.#backOff();
    if (delay === 0) this.start();
    else this.#timer = setTimeout(() => this.start(), delay);
    return delay;
  }

  /** No process follows any more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** The first failure is made good at once; each one after it doubles the delay. */
  #backOff(): number {
    if (this.#failures <= 1) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 2), LONGEST_DELAY_MS);
  }
}
