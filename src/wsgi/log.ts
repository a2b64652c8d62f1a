/** Where everything goes that is no client's business. Knows lines and loggers; knows nothing of who writes. */
import { OptionError } from "../errors.ts";
import type { ErrorStream } from "./types.ts";

/** A logger: `console` is one, and so is pino's. Each call is one message; a traceback has more than one line. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** @throws OptionError unless it has the three methods */
export function checkLogger(logger: Logger): Logger {
  for (const method of ["info", "warn", "error"] as const) {
    if (typeof logger?.[method] !== "function") throw new OptionError(`logger must have the method ${method}()`);
  }
  return logger === console ? logger : guarded(logger);
}

/** A logger that throws, or whose promise rejects, ends no request and no process: its message goes to the console. */
function guarded(logger: Logger): Logger {
  let told = false;
  const safely = (level: keyof Logger) => (message: string) => {
    const failed = (error: unknown): void => {
      if (!told) console.error(`the logger failed, so that its messages come here: ${describe(error)}`);
      told = true;
      console[level](message);
    };
    try {
      const said: unknown = logger[level](message);
      if (said instanceof Promise) said.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  return { info: safely("info"), warn: safely("warn"), error: safely("error") };
}

/**
 * Whatever was thrown, as text. Never throws: applications throw symbols, objects without a prototype, errors whose `stack` throws.
 *
 *     describe(new Error("a"))         → "Error: a\n    at …"
 *     describe("a")                    → "a"
 *     describe(Object.create(null))    → "a value that cannot be shown"
 */
export function describe(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown);
  } catch {
    return "a value that cannot be shown";
  }
}

/** Writes to a `wsgi.errors` that may be another's: middleware and servers put their own into the environ. Never throws. */
export function report(errors: ErrorStream, text: string): void {
  try {
    errors.write(text);
  } catch (error) {
    console.error(`${text}\nwsgi.errors failed: ${describe(error)}`);
  }
}

/** C0 without HTAB and LF, DEL, C1: a terminal would obey them, and a client may have chosen them. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Text without the characters that could forge a log or steer a terminal.
 *
 *     printable("a\x1b[31mb")          → "a\\x1b[31mb"
 *     printable("a\r\nb")              → "a\\x0d\nb"
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A message after the id of the request that it is about; bare where that has none yet. */
export function tagged(id: string, message: string): string {
  return id === "" ? message : `[${id}] ${message}`;
}

/** Cuts a stream of text into whole lines, so that the lines of two streams are never mixed. */
export class LineSplitter {
  readonly #line: (line: string) => void;
  /** Of the line that has not ended. Joined late: a string that grew by one character at a time would be a tree. */
  #rest: string[] = [];
  #length = 0;

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  /** Only what is new is searched: text may come in pieces of one character. */
  push(text: string): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#give(this.#taken() + text.slice(from, at));
      from = at + 1;
    }
    if (from === text.length) return;
    this.#rest.push(text.slice(from));
    this.#length += text.length - from;
    if (this.#length > LINE_LIMIT) this.flush();
  }

  /** Gives out an unfinished line. */
  flush(): void {
    if (this.#length > 0) this.#line(printable(this.#taken()));
  }

  #taken(): string {
    if (this.#length === 0) return "";
    const rest = this.#rest.join("");
    this.#rest = [];
    this.#length = 0;
    return rest;
  }

  #give(line: string): void {
    this.#line(printable(line.endsWith("\r") ? line.slice(0, -1) : line));
  }
}

/** A longer line is given out in pieces: a stream without newlines must not fill the memory. */
const LINE_LIMIT = 64 * 1024;

/** `wsgi.errors` (PEP 3333, "Input and Error Streams") on a logger: each line is one error message, after the request's id. */
export class LogErrors implements ErrorStream {
  readonly #lines: LineSplitter;
  #id = "";

  constructor(logger: Logger) {
    this.#lines = new LineSplitter((line) => logger.error(tagged(this.#id, line)));
  }

  /** @param id of the request whose lines these are */
  name(id: string): void {
    this.#id = id;
  }

  write(text: string): void {
    this.#lines.push(String(text));
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line);
  }

  flush(): void {
    this.#lines.flush();
  }
}
