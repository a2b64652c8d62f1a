/** Deadlines that have the same timeout and share one timer, so that no request needs its own. Knows times; knows no request. */

/** An operation that has a deadline. */
export interface Timed {
  /** When the timeout began to run, as a value of `performance.now()`. Changing it moves the deadline. */
  readonly since: number;
  /** Called once when the deadline has passed. The object has been removed by then. */
  expire(): void;
}

/** Added to each timer: a timer may fire a fraction of a millisecond early, before the deadline has passed. */
const SLACK_MS = 1;

export class Deadlines {
  readonly #timeout: number;
  readonly #background: boolean;
  /**
   * An array instead of a Set: when a Set grows, its old tables keep links to the new ones, which delays the garbage
   * collection of short-lived requests.
   */
  readonly #pending: Timed[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param timeout in milliseconds; infinite for no limit
   * @param background true if the timer must not keep the process alive
   */
  constructor(timeout: number, { background = false }: { readonly background?: boolean } = {}) {
    this.#timeout = timeout;
    this.#background = background;
  }

  add(timed: Timed): void {
    if (this.#timeout === Number.POSITIVE_INFINITY) return;
    this.#pending.push(timed);
    if (this.#timer === undefined) this.#startTimer(this.#timeout);
  }

  /** Removes an object; does nothing if it was not added. */
  delete(timed: Timed): void {
    const at = this.#pending.indexOf(timed);
    const last = at === -1 ? undefined : this.#pending.pop();
    if (last !== undefined && last !== timed) this.#pending[at] = last;
  }

  /** Removes all objects and stops the timer. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.length = 0;
  }

  #startTimer(left: number): void {
    this.#timer = setTimeout(() => this.#check(), left + SLACK_MS);
    if (this.#background) this.#timer.unref();
  }

  #check(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    const expired: Timed[] = [];
    for (const timed of this.#pending) {
      const left = timed.since + this.#timeout - now;
      if (left <= 0) expired.push(timed);
      else next = Math.min(next, left);
    }
    if (Number.isFinite(next)) this.#startTimer(next);
    for (const timed of expired) {
      this.delete(timed);
      timed.expire();
    }
  }
}
