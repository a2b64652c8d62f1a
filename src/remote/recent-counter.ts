/** Counts how often an event has happened within a time window. Knows times; does not know the event. */

/** The highest count. It bounds the memory. */
const MAX_COUNT = 1024;

export class RecentCounter {
  readonly #window: number;
  /** The times of the events, oldest first. */
  readonly #times: number[] = [];

  /** @param window in milliseconds */
  constructor(window: number) {
    this.#window = window;
  }

  /** Adds an event. @param now on the clock of `performance.now()` */
  add(now: number = performance.now()): void {
    if (this.#times.length === MAX_COUNT) this.#times.shift();
    this.#times.push(now);
  }

  /** Returns the number of events in the window. @param now on the same clock */
  count(now: number = performance.now()): number {
    const times = this.#times;
    let expired = 0;
    while (expired < times.length && (times[expired] as number) <= now - this.#window) expired += 1;
    if (expired > 0) times.splice(0, expired);
    return times.length;
  }
}
