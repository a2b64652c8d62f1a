/** The log while the application starts. Knows what has been said already; knows nothing of Python. */
import type { Logger } from "../wsgi/log.ts";

/**
 * Hands everything on to `console`, but says a failed start once.
 *
 * The pool logs each process's failure in the same turn of the event loop in which `ready()` rejects with it; so, until
 * the start is over, lines are held for a turn, and those that tell what the program is about to say are dropped.
 */
export class StartLog implements Logger {
  #held: { readonly level: keyof Logger; readonly message: string }[] = [];
  #starting = true;

  info = (message: string): void => this.#say("info", message);
  warn = (message: string): void => this.#say("warn", message);
  error = (message: string): void => this.#say("error", message);

  /** The start is over; `failure` is what it ended with. */
  over(failure?: Error): void {
    if (failure !== undefined) this.#held = this.#held.filter(({ message }) => !message.includes(failure.message));
    this.#release();
    this.#starting = false;
  }

  #say(level: keyof Logger, message: string): void {
    if (!this.#starting) console[level](message);
    else if (this.#held.push({ level, message }) === 1) setImmediate(() => this.#release());
  }

  #release(): void {
    for (const { level, message } of this.#held.splice(0)) console[level](message);
  }
}
