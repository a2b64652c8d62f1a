/** Runs an application for one request, in the order of Python's wsgiref. Knows results and `close()`; knows no socket. */
import { AppProtocolError, ClientDisconnectError } from "../errors.ts";
import type { ResponseWriter } from "./response.ts";
import type { Environ, WsgiApp, WsgiResult } from "./types.ts";

/** The server or framework that received the request. */
export interface HandlerHost {
  /** Called when the application has failed before anything was sent: sends an error response. Called at most once. */
  answerError(error: unknown): void;
  /** Logs an error that comes too late for an error response: after the head was sent, or from `close()`. */
  log(message: string, error: unknown): void;
  /** Called once, when the request is over and `close()` of its result was called. */
  done(): void;
}

/** Runs an application once. Always closes the result exactly once and reports each failure to the host exactly once. */
export class Handler {
  readonly #writer: ResponseWriter;
  readonly #host: HandlerHost;
  #result: WsgiResult | undefined;
  #iterator: AnyIterator | undefined;
  /** The response is complete or has failed. Further blocks are dropped. */
  #over = false;

  constructor(writer: ResponseWriter, host: HandlerHost) {
    this.#writer = writer;
    this.#host = host;
  }

  /** True when the response is complete or has failed. A disconnect has no effect after that. */
  get over(): boolean {
    return this.#over;
  }

  /** Calls the application with exactly two arguments and sends what it returns. Never throws. */
  run(app: WsgiApp, environ: Environ): void {
    try {
      const returned = app(environ, this.#writer.startResponse);
      if (isThenable(returned)) returned.then(this.#finishResponse, this.#handleError);
      else this.#finishResponse(returned);
    } catch (error) {
      this.#handleError(error);
    }
  }

  /** Ends the request because the client has disconnected. Closes the result at once, even between two blocks. */
  disconnect(): void {
    if (!this.#over) this.#fail(new ClientDisconnectError("the client closed the connection"));
  }

  readonly #finishResponse = (result: WsgiResult): void => {
    try {
      this.#result = checkResult(result);
      if (this.#over)
        this.#close(); // the client disconnected before the application returned
      else if (Array.isArray(result)) this.#sendArray(result);
      else this.#sendIterable().catch(this.#handleError);
    } catch (error) {
      this.#handleError(error);
    }
  };

  /** Sends the blocks of an array. Avoids promises, unless the writer asks to wait. */
  #sendArray(blocks: readonly Uint8Array[], from = 0): void {
    for (let i = from; i < blocks.length && !this.#writer.full; i += 1) {
      const block = checkBlock(blocks[i]);
      const wait = blocks.length === 1 ? this.#writer.onlyBlock(block) : this.#writer.block(block);
      if (wait !== undefined && i + 1 < blocks.length) {
        wait.then(() => this.#over || this.#sendArray(blocks, i + 1)).catch(this.#handleError);
        return;
      }
    }
    this.#end();
  }

  async #sendIterable(): Promise<void> {
    const iterator = iterate(this.#result as WsgiResult);
    this.#iterator = iterator;
    while (!this.#over) {
      const pulled = iterator.next();
      const step = isThenable(pulled) ? await pulled : pulled;
      if (this.#over) return;
      if (step.done === true) {
        this.#iterator = EXHAUSTED;
        break;
      }
      const wait = this.#writer.block(checkBlock(step.value));
      if (this.#writer.full) break;
      if (wait !== undefined) await wait;
    }
    if (!this.#over) this.#end();
  }

  #end(): void {
    this.#writer.end();
    this.#over = true;
    if (this.#writer.cut) this.#host.log("the application sent more than its Content-Length", undefined);
    this.#close();
    this.#host.done();
  }

  readonly #handleError = (error: unknown): void => {
    if (!this.#over) this.#fail(error);
    else if (!(error instanceof ClientDisconnectError)) this.#host.log("the application failed late", error);
  };

  /** Closes the result before the host sends the error response, as wsgiref does. */
  #fail(error: unknown): void {
    const { committed } = this.#writer;
    this.#over = true;
    this.#writer.fail(error);
    this.#close();
    if (!(error instanceof ClientDisconnectError)) {
      if (committed) this.#host.log("the application failed after its response had begun", error);
      else this.#host.answerError(error);
    }
    this.#host.done();
  }

  /** Calls the result's `close()`, or else the iterator's `return()`, so that a generator's `finally` runs. Does so once. */
  #close(): void {
    const result = this.#result;
    if (result === undefined) return;
    this.#result = undefined;
    try {
      const closing = typeof result.close === "function" ? result.close() : this.#unfinished(result)?.return?.();
      if (isThenable(closing)) closing.then(undefined, this.#logCloseError);
    } catch (error) {
      this.#logCloseError(error);
    }
  }

  /** Returns the result's iterator if it has not ended. A generator that was not started is its own iterator. */
  #unfinished(result: WsgiResult): AnyIterator | undefined {
    if (this.#iterator !== undefined) return this.#iterator === EXHAUSTED ? undefined : this.#iterator;
    return "next" in result ? (result as unknown as AnyIterator) : undefined;
  }

  readonly #logCloseError = (error: unknown): void => {
    this.#host.log("close() of the application's result failed", error);
  };
}

type AnyIterator = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

function iterate(result: WsgiResult): AnyIterator {
  return Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
}

/** Stands for an iterator that has ended. */
const EXHAUSTED: AnyIterator = { next: () => ({ done: true, value: undefined }) };

function isThenable<T>(value: unknown): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}

function checkResult(result: WsgiResult): WsgiResult {
  if (typeof result === "string" || result instanceof Uint8Array) {
    throw new AppProtocolError("the application returned its body bare; return an array of one Uint8Array: [body]");
  }
  const iterable =
    typeof result === "object" && result !== null && (Symbol.asyncIterator in result || Symbol.iterator in result);
  if (iterable) return result;
  throw new AppProtocolError(`the application must return an iterable of Uint8Array, got ${typeName(result)}`);
}

function checkBlock(block: unknown): Uint8Array {
  if (block instanceof Uint8Array) return block;
  throw new AppProtocolError(`each block of the body must be a Uint8Array, got ${typeName(block)}`);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
