/** How a process is made to end: it is let go, asked, and at last killed. Knows signals and patience; knows no lane. */
import type { Child } from "./child.ts";

/** How long a process that was asked to end may take before it is killed. */
const SIGTERM_GRACE_MS = 2_000;

export class Termination {
  readonly #child: Child;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: Child) {
    this.#child = child;
  }

  /** Asks with `signal` after `patience` milliseconds, in which it may end by itself; then kills it by its pid. */
  begin(patience: number, signal: () => NodeJS.Signals): void {
    if (patience === 0) this.#ask(signal());
    else this.#timer = setTimeout(() => this.#ask(signal()), patience);
  }

  /** It has ended. */
  over(): void {
    clearTimeout(this.#timer);
  }

  #ask(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
    this.#timer = setTimeout(() => this.#child.kill("SIGKILL"), SIGTERM_GRACE_MS);
  }
}
