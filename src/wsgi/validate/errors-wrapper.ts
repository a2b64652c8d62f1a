/** `wsgi.errors` between an app and a gateway. Knows how it may be called. */
import type { ErrorStream } from "../types.ts";
import { show } from "./show.ts";
import { appBroke } from "./validation-error.ts";

/** Has PEP 3333's methods alone, so that an app cannot come to need another. */
export class ErrorsWrapper implements ErrorStream {
  readonly #errors: ErrorStream;

  constructor(errors: ErrorStream) {
    this.#errors = errors;
  }

  write(...args: unknown[]): void {
    const [text] = args;
    if (args.length !== 1 || typeof text !== "string") {
      const got = args.length === 1 ? show(text) : `${args.length} arguments`;
      throw appBroke("VAL-30", `wsgi.errors.write() got ${got}`, "Pass one string; String(error) makes one.");
    }
    this.#errors.write(text);
  }

  /** Line by line through `write`, so that each is checked. */
  writelines(...args: unknown[]): void {
    const [lines] = args;
    if (args.length !== 1 || typeof (lines as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== "function") {
      const got = args.length === 1 ? show(lines) : `${args.length} arguments`;
      throw appBroke("VAL-30", `wsgi.errors.writelines() got ${got}`, "Pass one array of strings.");
    }
    for (const line of lines as Iterable<unknown>) this.write(line);
  }

  flush(): void {
    this.#errors.flush();
  }

  /** Not in the type of `wsgi.errors`, and here to say so. */
  close(): never {
    throw appBroke("VAL-30", "wsgi.errors.close() was called", "Leave it open: it is the gateway's.");
  }
}
