/** `wsgi.input` between an app and a gateway. Knows how it is called and what it must give; reads nothing itself. */
import { wrapsInput } from "../input.ts";
import type { Environ, InputStream } from "../types.ts";
import { isThenable, show } from "./show.ts";
import { appBroke, gatewayBroke, type Warnings } from "./validation-error.ts";

const NEWLINE = 0x0a;
const UNBOUNDED = Number.POSITIVE_INFINITY;

type Method = "read" | "readline" | "readlines";

/** Has PEP 3333's methods alone, so that an app cannot come to need another. */
export class InputWrapper implements InputStream {
  readonly #input: InputStream;
  readonly #warnings: Warnings;
  /** By CONTENT_LENGTH, in bytes. */
  readonly #declared: number | undefined;
  /** One may read on at the end: the gateway has said so. */
  readonly #terminated: boolean;
  #given = 0;
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
      this.#warnings.app("VAL-29", "wsgi.input.read() got no size", "Pass one: not every server takes none.");
    }
    return this.#ask("read", args, (bytes) => {
      this.#take(checkBytes("read", bytes, size));
      if (size === UNBOUNDED || (bytes.length === 0 && size > 0)) this.#end();
    });
  }

  readline(...args: unknown[]): Promise<Uint8Array> {
    const size = this.#size("readline", args);
    return this.#ask("readline", args, (line) => this.#takeLine("readline", line, size));
  }

  readlines(...args: unknown[]): Promise<Uint8Array[]> {
    const hint = this.#size("readlines", args) || UNBOUNDED;
    return this.#ask("readlines", args, (lines) => {
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

  /** Not in the type of `wsgi.input`, and here to say so. */
  close(): never {
    throw appBroke("VAL-30", "wsgi.input.close() was called", "Leave it open: it is the gateway's.");
  }

  /** The size, or hint, that a method was called with; infinite for none, as in Python for None or a negative one. */
  #size(method: Method, args: readonly unknown[]): number {
    const [size] = args;
    if (args.length > 1) {
      throw appBroke("VAL-29", `wsgi.input.${method}() got ${args.length} arguments`, "Pass a size, or nothing.");
    }
    if (size !== undefined && size !== null && !Number.isInteger(size)) {
      throw appBroke("VAL-29", `wsgi.input.${method}() got ${show(size)}`, "Pass a whole number of bytes, or nothing.");
    }
    const bound = typeof size === "number" && size >= 0 ? size : UNBOUNDED;
    if (!this.#terminated && bound > 0 && this.#given >= (this.#declared ?? 0)) {
      this.#warnings.app(
        "VAL-32:input",
        `wsgi.input.${method}() was called when all ${this.#given} bytes had been read`,
        "Stop at CONTENT_LENGTH: without wsgi.input_terminated a server may wait for ever.",
      );
    }
    return bound;
  }

  /** Hands the call on as it came, and checks what comes of it. */
  #ask<M extends Method>(
    method: M,
    args: unknown[],
    check: (answer: Awaited<ReturnType<InputStream[M]>>) => void,
  ): ReturnType<InputStream[M]> {
    type Answer = Awaited<ReturnType<InputStream[M]>>;
    const ask = this.#input[method] as (...args: unknown[]) => unknown;
    const asked = ask.apply(this.#input, args);
    if (!isThenable(asked)) throw wrongType(method, asked, "a promise");
    const checked = asked.then((answer) => {
      check(answer as Answer);
      return answer;
    });
    return checked as ReturnType<InputStream[M]>;
  }

  #takeLine(method: Method | "iteration", line: Uint8Array, size: number): void {
    const at = checkBytes(method, line, size).indexOf(NEWLINE);
    if (at !== -1 && at !== line.length - 1) {
      throw gatewayBroke("VAL-29", `wsgi.input: ${method} gave more than one line at once`, "Cut after each newline.");
    }
    this.#take(line);
    // Shorter than asked, and no newline: nothing may follow.
    if (at === -1 && line.length < size && !this.#ended) this.#end();
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#ended) {
      throw gatewayBroke(
        "VAL-32:input",
        "wsgi.input gave bytes after its end",
        "Give an empty answer at the end only, for ever.",
      );
    }
    this.#given += bytes.length;
    if (this.#declared !== undefined && this.#given > this.#declared) {
      throw gatewayBroke(
        "VAL-32:input",
        `wsgi.input gave ${this.#given} bytes, and CONTENT_LENGTH is ${this.#declared}`,
        "End it there.",
      );
    }
  }

  #end(): void {
    this.#ended = true;
    if (this.#declared === undefined || this.#given >= this.#declared) return;
    throw gatewayBroke(
      "VAL-32:input",
      `wsgi.input ended after ${this.#given} bytes, and CONTENT_LENGTH is ${this.#declared}`,
      "Reject when a body breaks off: the app would take it for whole.",
    );
  }
}

function checkBytes(method: Method | "iteration", bytes: unknown, size: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw wrongType(method, bytes, "a Uint8Array");
  if (bytes.length <= size) return bytes;
  throw gatewayBroke(
    "VAL-29",
    `wsgi.input: ${method} gave ${bytes.length} bytes of ${size} asked for`,
    "Keep the rest.",
  );
}

function wrongType(method: Method | "iteration", value: unknown, right: string): Error {
  return gatewayBroke("VAL-29", `wsgi.input: ${method} gave ${show(value)}`, `Give ${right}.`);
}
