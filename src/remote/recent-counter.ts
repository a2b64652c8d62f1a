/** How often something has happened lately. Knows times; knows not what it was. */

/** More than that count as that many. */
const MOST = 1024;

export class RecentCounter {
  readonly #window: number;
  /** In order. */
  readonly #times: number[] = [];

  /** @param window what is lately, in milliseconds */
  constructor(window: number) {
    this.#window = window;
  }

  /** It has happened. @param now as `performance.now()` has it */
  note(now: number = performance.now()): void {
    if (this.#times.length === MOST) this.#times.shift();
    this.#times.push(now);
  }

  /** How often. @param now the same */
  count(now: number = performance.now()): number {
    const times = this.#times;
    let old = 0;
    while (old < times.length && (times[old] as number) <= now - this.#window) old += 1;
    if (old > 0) times.splice(0, old);
    return times.length;
  }
}
