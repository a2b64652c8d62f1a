/** Ends a process: lets it exit by itself, then sends a signal, then SIGKILL. Knows signals and times; knows no lane. */
import type { Child } from "./child.ts";

/** How long a process may take to exit after the first signal. Then it is killed. */
const SIGNAL_GRACE_MS = 2_000;

export class Termination {
  readonly #child: Child;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: Child) {
    this.#child = child;
  }

  /** Sends `signal` if the process has not exited after `grace` milliseconds, and SIGKILL 2 seconds after that. */
  begin(grace: number, signal: () => NodeJS.Signals): void {
    if (grace === 0) this.#terminate(signal());
    else this.#timer = setTimeout(() => this.#terminate(signal()), grace);
  }

  /** Called when the process has exited: no signal is sent any more. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  #terminate(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
    this.#timer = setTimeout(() => this.#child.kill("SIGKILL"), SIGNAL_GRACE_MS);
  }
}
