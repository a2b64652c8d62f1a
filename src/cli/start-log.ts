/** The log while the application starts. Drops lines that repeat the error of a failed start, and a line that never changes. */
import type { Logger } from "../wsgi/log.ts";

/**
 * Passes everything on to `console`, but reports a failed start only once.
 *
 * The pool logs the failure of each process in the same turn of the event loop in which `ready()` rejects with it. So until the
 * start is over, lines are held for one turn. Those that contain the error that the program will print are dropped.
 */
export class StartLog implements Logger {
  readonly #expected: string;
  #held: { readonly level: keyof Logger; readonly message: string }[] = [];
  #starting = true;

  /** @param expected a line that is not worth printing, because the program always says the same */
  constructor(expected: string) {
    this.#expected = expected;
  }

  info = (message: string): void => this.#say("info", message);
  warn = (message: string): void => this.#say("warn", message);
  error = (message: string): void => this.#say("error", message);

  /** Marks the end of the start. @param failure the reason, if it failed */
  over(failure?: Error): void {
    if (failure !== undefined) this.#held = this.#held.filter(({ message }) => !message.includes(failure.message));
    this.#release();
    this.#starting = false;
  }

  #say(level: keyof Logger, message: string): void {
    if (message === this.#expected) return;
    if (!this.#starting) console[level](message);
    else if (this.#held.push({ level, message }) === 1) setImmediate(() => this.#release());
  }

  #release(): void {
    for (const { level, message } of this.#held.splice(0)) console[level](message);
  }
}
