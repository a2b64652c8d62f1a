/** A time that a request may take. Knows when it begins and when it stands still; knows nothing of what is timed. */
import type { SizedBody } from "../fastcgi/types.ts";
import type { Deadlines, Timed } from "../node/deadlines.ts";

export class Stopwatch implements Timed {
  readonly #deadlines: Deadlines;
  readonly #onExpire: () => void;
  #since = 0;
  #held = false;

  /** @param deadlines say how long it may take @param onExpire is called once, when it took longer */
  constructor(deadlines: Deadlines, onExpire: () => void) {
    this.#deadlines = deadlines;
    this.#onExpire = onExpire;
  }

  get since(): number {
    return this.#held ? performance.now() : this.#since;
  }

  start(): void {
    this.renew();
    this.#deadlines.add(this);
  }

  /** The time begins anew, if it runs. */
  renew(): void {
    this.#since = performance.now();
  }

  /** The time stands still. */
  hold(): void {
    this.#held = true;
  }

  /** The time begins anew after it stood still. */
  release(): void {
    if (this.#held) this.renew();
    this.#held = false;
  }

  stop(): void {
    this.#deadlines.delete(this);
  }

  expire(): void {
    this.#onExpire();
  }
}

/** A body each block of which begins the time anew: while it goes out, the server does not keep anybody waiting. */
export function renewing(body: SizedBody, watch: Stopwatch): SizedBody {
  return {
    size: body.size,
    async *blocks() {
      for await (const block of body.blocks()) {
        watch.renew();
        yield block;
      }
    },
  };
}
