/** Deadlines that are all equally far away, on one timer: a request costs no timer of its own. Knows times; knows no request. */

/** What may take only so long. */
export interface Timed {
  /** When its time began, as `performance.now()` says; it may begin anew. */
  readonly since: number;
  /** Its time is over. Called once, after it was taken out. */
  expire(): void;
}

/** A little more than is left, so that a timer that is early by a fraction finds its deadline passed. */
const SLACK_MS = 1;

export class Deadlines {
  readonly #allowed: number;
  readonly #background: boolean;
  /** An array: a Set's old tables, each of which leads to the next, would keep requests from dying young. */
  readonly #running: Timed[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param allowed milliseconds, infinite for no limit @param background true: its timer does not keep the process alive */
  constructor(allowed: number, { background = false }: { readonly background?: boolean } = {}) {
    this.#allowed = allowed;
    this.#background = background;
  }

  add(timed: Timed): void {
    if (this.#allowed === Number.POSITIVE_INFINITY) return;
    this.#running.push(timed);
    if (this.#timer === undefined) this.#wait(this.#allowed);
  }

  /** Nothing happens if it is not there. */
  delete(timed: Timed): void {
    const at = this.#running.indexOf(timed);
    const last = at === -1 ? undefined : this.#running.pop();
    if (last !== undefined && last !== timed) this.#running[at] = last;
  }

  /** For the end: no timer is left. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running.length = 0;
  }

  #wait(left: number): void {
    this.#timer = setTimeout(() => this.#look(), left + SLACK_MS);
    if (this.#background) this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    const over: Timed[] = [];
    for (const timed of this.#running) {
      const left = timed.since + this.#allowed - now;
      if (left <= 0) over.push(timed);
      else next = Math.min(next, left);
    }
    if (Number.isFinite(next)) this.#wait(next);
    for (const timed of over) {
      this.delete(timed);
      timed.expire();
    }
  }
}
