/** Measures one timeout of a request. Knows times; knows nothing of the request. */
import type { SizedBody } from "../fastcgi/types.ts";
import type { Deadlines, Timed } from "../node/deadlines.ts";
import type { ResponseTimer } from "../node/response-timer.ts";

export class Stopwatch implements Timed {
  readonly #deadlines: Deadlines;
  readonly #onExpire: () => void;
  since = 0;

  /** @param deadlines know the timeout, and call `expire` @param onExpire is called once, if the time runs out */
  constructor(deadlines: Deadlines, onExpire: () => void) {
    this.#deadlines = deadlines;
    this.#onExpire = onExpire;
  }

  start(): void {
    this.since = performance.now();
    this.#deadlines.add(this);
  }

  stop(): void {
    this.#deadlines.delete(this);
  }

  expire(): void {
    this.#onExpire();
  }
}

/** Wraps a body so that each block refreshes the timer: the timeout does not run out while the body is being sent. */
export function refreshing(body: SizedBody, timer: ResponseTimer): SizedBody {
  return {
    size: body.size,
    async *blocks() {
      for await (const block of body.blocks()) {
        timer.refresh();
        yield block;
      }
    },
  };
}
