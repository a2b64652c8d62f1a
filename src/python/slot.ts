/** One slot of a generation: its serving process and the successor. Knows the backoff of restarts; knows no other slot. */
import type { Worker } from "./worker.ts";

/** A process that served at least this long does not count towards a crash loop. */
const HEALTHY_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;

export class Slot {
  serving: Worker | undefined;
  /** A process that is starting. When it is ready, it becomes the serving process. */
  successor: Worker | undefined;
  readonly #launch: (restarts: number) => Worker;
  /** Delays the start of the next process. */
  #timer: NodeJS.Timeout | undefined;
  /** How many processes were started in this slot. */
  #starts = 0;
  /** How many of the latest processes in a row failed to start, or ended before they had served a request. */
  #failures = 0;

  /** @param launch starts a process */
  constructor(launch: (restarts: number) => Worker) {
    this.#launch = launch;
    this.start();
  }

  /** True if a successor is starting or its start is scheduled. */
  get hasSuccessor(): boolean {
    return this.successor !== undefined || this.#timer !== undefined;
  }

  /** True if the latest process failed to start or ended without serving. Waiting for its successor may take long. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  start(): void {
    this.#timer = undefined;
    this.successor = this.#launch(this.#starts);
    this.#starts += 1;
  }

  /**
   * Starts the process that replaces `ended`. If `ended` has served requests, the new process starts at once: a request that
   * crashes Python must not hold up other requests. If not, the delay grows, because the next start may fail as well.
   *
   * @returns the delay in milliseconds
   */
  replace(ended: Worker): number {
    const served = ended.requests > 0 || ended.servingFor >= HEALTHY_MS;
    this.#failures = served ? 0 : this.#failures + 1;
    const delay = this.#backoff();
    if (delay === 0) this.start();
    else this.#timer = setTimeout(() => this.start(), delay);
    return delay;
  }

  /** Cancels a scheduled start. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** Returns no delay after the first failure, then a delay that doubles with each failure. */
  #backoff(): number {
    if (this.#failures <= 1) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 2), MAX_DELAY_MS);
  }
}
