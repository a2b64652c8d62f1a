/** Wraps `wsgi.input`. Checks how the app calls it and what the gateway returns; makes no calls of its own. */
import { wrapsInput } from "../input.ts";
import type { Environ, InputStream } from "../types.ts";
import { isThenable, show } from "./show.ts";
import { appError, gatewayError, type Warnings } from "./validation-error.ts";

const NEWLINE = 0x0a;
const UNBOUNDED = Number.POSITIVE_INFINITY;

type Method = "read" | "readline" | "readlines";

/** Has only the methods of PEP 3333, so that an app cannot use others by mistake. */
export class InputWrapper implements InputStream {
  readonly #input: InputStream;
  readonly #warnings: Warnings;
  /** The CONTENT_LENGTH, in bytes. */
  readonly #declared: number | undefined;
  /** True if the gateway has set wsgi.input_terminated, so that the app may read beyond the end. */
  readonly #terminated: boolean;
  #bytesRead = 0;
  #ended = false;

  constructor(environ: Environ, warnings: Warnings) {
    this.#input = environ["wsgi.input"];
    this.#warnings = warnings;
    this.#declared = environ.CONTENT_LENGTH ? Number(environ.CONTENT_LENGTH) : undefined;
    this.#terminated = environ["wsgi.input_terminated"] === true;
    wrapsInput(this, this.#input);
  }

  read(...args: unknown[]): Promise<Uint8Array> {
    const size = this.#size("read", args);
    if (args.length === 0 && !this.#terminated) {
      this.#warnings.app(
        "VAL-29",
        "wsgi.input.read() got no size",
        "Pass one: not every server accepts a call without it.",
      );
    }
    return this.#call("read", args, (bytes) => {
      this.#take(checkBytes("read", bytes, size));
      if (size === UNBOUNDED || (bytes.length === 0 && size > 0)) this.#end();
    });
  }

  readline(...args: unknown[]): Promise<Uint8Array> {
    const size = this.#size("readline", args);
    return this.#call("readline", args, (line) => this.#takeLine("readline", line, size));
  }

  readlines(...args: unknown[]): Promise<Uint8Array[]> {
    const hint = this.#size("readlines", args) || UNBOUNDED;
    return this.#call("readlines", args, (lines) => {
      if (!Array.isArray(lines)) throw wrongType("readlines", lines, "an array of Uint8Arrays");
      for (const line of lines) this.#takeLine("readlines", line, UNBOUNDED);
      if (hint === UNBOUNDED && !this.#ended) this.#end();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const line of this.#input) {
      this.#takeLine("iteration", line, UNBOUNDED);
      yield line;
    }
    if (!this.#ended) this.#end();
  }

  /** Exists only to report the call. The type of `wsgi.input` has no `close`. */
  close(): never {
    throw appError("VAL-30", "wsgi.input.close() was called", "Leave it open: it belongs to the gateway.");
  }

  /** Checks the arguments of a call. Returns its size or hint: infinite if missing, null or negative, as in Python. */
  #size(method: Method, args: readonly unknown[]): number {
    const [size] = args;
    if (args.length > 1) {
      throw appError("VAL-29", `wsgi.input.${method}() got ${args.length} arguments`, "Pass a size, or nothing.");
    }
    if (size !== undefined && size !== null && !Number.isInteger(size)) {
      throw appError("VAL-29", `wsgi.input.${method}() got ${show(size)}`, "Pass a whole number of bytes, or nothing.");
    }
    const bound = typeof size === "number" && size >= 0 ? size : UNBOUNDED;
    if (!this.#terminated && bound > 0 && this.#bytesRead >= (this.#declared ?? 0)) {
      this.#warnings.app(
        "VAL-32:input",
        `wsgi.input.${method}() was called after all ${this.#bytesRead} bytes had been read`,
        "Stop at CONTENT_LENGTH: without wsgi.input_terminated the call may never return.",
      );
    }
    return bound;
  }

  /** Passes the call on unchanged, and checks the result. */
  #call<M extends Method>(
    method: M,
    args: unknown[],
    check: (answer: Awaited<ReturnType<InputStream[M]>>) => void,
  ): ReturnType<InputStream[M]> {
    type Answer = Awaited<ReturnType<InputStream[M]>>;
    const call = this.#input[method] as (...args: unknown[]) => unknown;
    const returned = call.apply(this.#input, args);
    if (!isThenable(returned)) throw wrongType(method, returned, "a promise");
    const checked = returned.then((answer) => {
      check(answer as Answer);
      return answer;
    });
    return checked as ReturnType<InputStream[M]>;
  }

  #takeLine(method: Method | "iteration", line: Uint8Array, size: number): void {
    const at = checkBytes(method, line, size).indexOf(NEWLINE);
    if (at !== -1 && at !== line.length - 1) {
      throw gatewayError(
        "VAL-29",
        `wsgi.input: ${method} returned more than one line at once`,
        "Return a single line.",
      );
    }
    this.#take(line);
    // The line is shorter than the size and has no newline, so it must be the last one.
    if (at === -1 && line.length < size && !this.#ended) this.#end();
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#ended) {
      throw gatewayError(
        "VAL-32:input",
        "wsgi.input returned bytes after its end",
        "Return an empty result only at the end, and from then on always.",
      );
    }
    this.#bytesRead += bytes.length;
    if (this.#declared !== undefined && this.#bytesRead > this.#declared) {
      throw gatewayError(
        "VAL-32:input",
        `wsgi.input returned ${this.#bytesRead} bytes, but CONTENT_LENGTH is ${this.#declared}`,
        "End the input at CONTENT_LENGTH.",
      );
    }
  }

  #end(): void {
    this.#ended = true;
    if (this.#declared === undefined || this.#bytesRead >= this.#declared) return;
    throw gatewayError(
      "VAL-32:input",
      `wsgi.input ended after ${this.#bytesRead} bytes, but CONTENT_LENGTH is ${this.#declared}`,
      "Reject the promise if a body breaks off. Otherwise the app takes it for complete.",
    );
  }
}

function checkBytes(method: Method | "iteration", bytes: unknown, size: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw wrongType(method, bytes, "a Uint8Array");
  if (bytes.length <= size) return bytes;
  throw gatewayError(
    "VAL-29",
    `wsgi.input: ${method} returned ${bytes.length} bytes instead of at most ${size}`,
    "Keep the rest for the next call.",
  );
}

function wrongType(method: Method | "iteration", value: unknown, expected: string): Error {
  return gatewayError("VAL-29", `wsgi.input: ${method} returned ${show(value)}`, `Return ${expected}.`);
}
