/** Measures one timeout of a request, and can be paused. Knows times; knows nothing of the request. */
import type { SizedBody } from "../fastcgi/types.ts";
import type { Deadlines, Timed } from "../node/deadlines.ts";

export class Stopwatch implements Timed {
  readonly #deadlines: Deadlines;
  readonly #onExpire: () => void;
  #startedAt = 0;
  #paused = false;

  /** @param deadlines know the timeout, and call `expire` @param onExpire is called once, if the time runs out */
  constructor(deadlines: Deadlines, onExpire: () => void) {
    this.#deadlines = deadlines;
    this.#onExpire = onExpire;
  }

  get since(): number {
    return this.#paused ? performance.now() : this.#startedAt;
  }

  start(): void {
    this.refresh();
    this.#deadlines.add(this);
  }

  /** Starts the time again from zero. */
  refresh(): void {
    this.#startedAt = performance.now();
  }

  /** Stops the time until `resume()`. */
  pause(): void {
    this.#paused = true;
  }

  /** Starts the time again from zero, if it is paused. */
  resume(): void {
    if (this.#paused) this.refresh();
    this.#paused = false;
  }

  stop(): void {
    this.#deadlines.delete(this);
  }

  expire(): void {
    this.#onExpire();
  }
}

/** Wraps a body so that each block refreshes the stopwatch: the timeout does not run out while the body is being sent. */
export function refreshing(body: SizedBody, watch: Stopwatch): SizedBody {
  return {
    size: body.size,
    async *blocks() {
      for await (const block of body.blocks()) {
        watch.refresh();
        yield block;
      }
    },
  };
}
