/** The logger, and how text is made fit for it: lines, control characters, errors that clients must not see. */
import { OptionError } from "../errors.ts";
import type { ErrorStream } from "./types.ts";

/** A logger, such as `console` or pino's. Each call logs one message, which may have several lines, such as a traceback. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The levels of a logger. */
export type Level = keyof Logger;

/**
 * Returns the logger, wrapped so that it never throws.
 *
 * @throws OptionError if one of the three methods is missing
 */
export function checkLogger(logger: Logger): Logger {
  for (const method of ["info", "warn", "error"] as const) {
    if (typeof logger?.[method] !== "function") throw new OptionError(`logger must have the method ${method}()`);
  }
  return logger === console ? logger : guarded(logger);
}

/** The methods of a logger. A structured logger takes fields before the message, and may have one more method. */
type Methods = Readonly<Record<Level | "debug", (...message: unknown[]) => unknown>>;

/** Wraps a logger so that its errors affect no request. Messages that it fails to log go to the console. */
function guarded(logger: Logger): Logger {
  const methods = logger as unknown as Methods;
  let reported = false;
  const safely =
    (level: keyof Methods) =>
    (...message: unknown[]) => {
      const failed = (error: unknown): void => {
        if (!reported) console.error(`the logger failed, so its messages are written here: ${describe(error)}`);
        reported = true;
        console[level](...message);
      };
      try {
        const result = methods[level](...message);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
    };
  const guards = { info: safely("info"), warn: safely("warn"), error: safely("error") };
  return typeof methods.debug === "function" ? Object.assign(guards, { debug: safely("debug") }) : guards;
}

/**
 * Converts a thrown value to text. Never throws, although applications throw symbols, objects without a prototype, and
 * errors whose `stack` throws.
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

/** Writes a whole message to `wsgi.errors`. Never throws, even if middleware has replaced the stream with one that throws. */
export function report(errors: ErrorStream, text: string): void {
  relay(errors, text);
  try {
    errors.flush();
  } catch {
    // it has the text already, or relay() has reported the error
  }
}

/** Writes a part of what an application writes to `wsgi.errors`. Never throws either. */
export function relay(errors: ErrorStream, text: string): void {
  try {
    errors.write(text);
  } catch (error) {
    console.error(`${text}\nwsgi.errors failed: ${describe(error)}`);
  }
}

/** All control characters (C0, DEL, C1) except HTAB and LF. Clients may send them, and terminals interpret them. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Escapes the characters that could forge log lines or control a terminal.
 *
 *     printable("a\x1b[31mb")          → "a\\x1b[31mb"
 *     printable("a\r\nb")              → "a\\x0d\nb"
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Puts the id of the request in front of the message. An empty id means that the request has none yet. */
export function tagged(id: string, message: string): string {
  return id === "" ? message : `[${id}] ${message}`;
}

/** Splits a stream of text into complete lines, so that the lines of two streams are never mixed. */
export class LineSplitter {
  readonly #line: (line: string) => void;
  /** The parts of the unfinished line, joined only at its end: V8 stores a string that grows in many steps as a deep tree. */
  #parts: string[] = [];
  #length = 0;

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  /** Adds text. Searches only the new text, because it may arrive one character at a time. */
  push(text: string): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#emit(this.#takeLine() + text.slice(from, at));
      from = at + 1;
    }
    if (from === text.length) return;
    this.#parts.push(text.slice(from));
    this.#length += text.length - from;
    if (this.#length > LINE_LIMIT) this.flush();
  }

  /** Emits the unfinished line, if any. */
  flush(): void {
    if (this.#length > 0) this.#line(printable(this.#takeLine()));
  }

  #takeLine(): string {
    if (this.#length === 0) return "";
    const line = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #emit(line: string): void {
    this.#line(printable(line.endsWith("\r") ? line.slice(0, -1) : line));
  }
}

/** The maximum length of a line. Longer lines are emitted in pieces, so that a stream without newlines cannot fill the memory. */
const LINE_LIMIT = 64 * 1024;
