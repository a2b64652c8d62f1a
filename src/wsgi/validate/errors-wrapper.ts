/** Wraps `wsgi.errors` and checks how an app calls it. */
import type { ErrorStream } from "../types.ts";
import { show } from "./show.ts";
import { appError } from "./validation-error.ts";

/** Has only the methods of PEP 3333, so that an app cannot use others by mistake. */
export class ErrorsWrapper implements ErrorStream {
  readonly #errors: ErrorStream;

  constructor(errors: ErrorStream) {
    this.#errors = errors;
  }

  write(...args: unknown[]): void {
    const [text] = args;
    if (args.length !== 1 || typeof text !== "string") {
      const got = args.length === 1 ? show(text) : `${args.length} arguments`;
      throw appError("VAL-30", `wsgi.errors.write() got ${got}`, "Pass one string, for example String(error).");
    }
    this.#errors.write(text);
  }

  /** Calls `write` for each line, so that each line is checked. */
  writelines(...args: unknown[]): void {
    const [lines] = args;
    if (args.length !== 1 || typeof (lines as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== "function") {
      const got = args.length === 1 ? show(lines) : `${args.length} arguments`;
      throw appError("VAL-30", `wsgi.errors.writelines() got ${got}`, "Pass one array of strings.");
    }
    for (const line of lines as Iterable<unknown>) this.write(line);
  }

  flush(): void {
    this.#errors.flush();
  }

  /** Exists only to report the call. The type of `wsgi.errors` has no `close`. */
  close(): never {
    throw appError("VAL-30", "wsgi.errors.close() was called", "Leave it open: it belongs to the gateway.");
  }
}
