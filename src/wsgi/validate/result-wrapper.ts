/** Wraps an app's result and checks its iteration and `close()`. Buffers nothing and has no `length`. */
import type { WsgiResult } from "../types.ts";
import type { ResponseWatch } from "./response-watch.ts";
import { isThenable, show } from "./show.ts";
import { appError, gatewayError, type ValidationWarning, Warnings } from "./validation-error.ts";

/** What is needed to warn about a result that was garbage-collected although `close()` was never called. */
export interface Unclosed {
  readonly warn: (warning: ValidationWarning) => void;
  /** The request, for the message. */
  readonly request: string;
}

/**
 * Returns a result for the gateway that checks the calls. It is asynchronous only if the app's result is.
 *
 * @throws ValidationError if the app did not return a valid result
 */
export function wrapResult(returned: unknown, watch: ResponseWatch, unclosed: Unclosed): WsgiResult {
  const result = checkResult(returned);
  const wrapper = Symbol.asyncIterator in result ? new AsyncResult(result, watch) : new SyncResult(result, watch);
  UNCLOSED.register(wrapper, unclosed, wrapper);
  return wrapper;
}

function checkResult(result: unknown): WsgiResult {
  if (typeof result === "string" || result instanceof Uint8Array) {
    const bare = typeof result === "string" ? "text" : show(result);
    throw appError("VAL-25", `the app returned its body as ${bare}`, "Return an array with one Uint8Array: [body].");
  }
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result || Symbol.iterator in result)) {
    throw appError(
      "VAL-25",
      `the app returned ${show(result)}`,
      "Return an iterable of Uint8Arrays, or [] for no body.",
    );
  }
  const { close } = result as { close?: unknown };
  if (close !== undefined && typeof close !== "function") {
    throw appError("VAL-25", `the result's close is ${show(close)}`, "Make it a function, or leave it out.");
  }
  return result as WsgiResult;
}

const UNCLOSED: FinalizationRegistry<Unclosed> = new FinalizationRegistry(({ warn, request }) => {
  new Warnings(warn).gateway(
    "VAL-27",
    `the result for ${request} was discarded without a call of close()`,
    "Call it once, however the response ends.",
  );
});

/** `fresh`: the iteration has not begun. `spent`: the iterator has ended, or its `return()` was called. */
type State = "fresh" | "open" | "spent" | "closed";
type Blocks = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

abstract class Result {
  readonly #result: WsgiResult;
  readonly #watch: ResponseWatch;
  #iterator: Blocks | undefined;
  protected state: State = "fresh";

  constructor(result: WsgiResult, watch: ResponseWatch) {
    this.#result = result;
    this.#watch = watch;
  }

  /** Calls the result's `close()`, or else the iterator's `return()`, so that a generator's `finally` runs. */
  close(): void | Promise<void> {
    const { state } = this;
    if (state === "closed") {
      throw gatewayError(
        "VAL-32:close",
        "the result's close() was called twice",
        "Call it once, however the response ends.",
      );
    }
    this.state = "closed";
    UNCLOSED.unregister(this);
    if (typeof this.#result.close === "function") return this.#result.close();
    const closing = state === "spent" ? undefined : this.#openIterator()?.return?.();
    return isThenable(closing) ? Promise.resolve(closing).then(() => undefined) : undefined;
  }

  protected begin(): Blocks {
    if (this.state !== "fresh") {
      throw gatewayError("VAL-26", "the result was iterated over twice, or after close()", "Iterate over it once.");
    }
    this.state = "open";
    const result = this.#result;
    this.#iterator = Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
    return this.#iterator;
  }

  protected beforeBlock(): void {
    if (this.state === "closed") {
      throw gatewayError("VAL-26", "a block was requested after close()", "Stop the iteration before close().");
    }
    this.#watch.iterating();
  }

  /** Checks what the iterator returned. Ignores it after `close()`, because nobody uses it then. */
  protected checkStep(step: unknown): IteratorResult<Uint8Array> {
    if (this.state === "closed" || this.state === "spent") return step as IteratorResult<Uint8Array>;
    if (typeof step !== "object" || step === null) {
      throw appError(
        "VAL-26",
        `the result's next() returned ${show(step)}`,
        "Return { done, value }, as iterators do.",
      );
    }
    const { done, value } = step as IteratorResult<unknown>;
    if (done === true) {
      this.state = "spent";
      this.#watch.end();
    } else {
      if (!(value instanceof Uint8Array)) {
        throw appError(
          "VAL-26",
          `the result yielded ${show(value)}`,
          "Yield Uint8Arrays, for example Buffer.from(text).",
        );
      }
      this.#watch.block(value);
    }
    return step as IteratorResult<Uint8Array>;
  }

  /** Called when the gateway has called the iterator's `return()`, so that `close()` does not call it again. */
  protected markReturned(): void {
    if (this.state === "open") this.state = "spent";
  }

  /** Returns the result's iterator. A generator that was not started is its own iterator. */
  #openIterator(): Blocks | undefined {
    return this.#iterator ?? ("next" in this.#result ? (this.#result as unknown as Blocks) : undefined);
  }
}

class SyncResult extends Result implements Iterable<Uint8Array> {
  [Symbol.iterator](): Iterator<Uint8Array> {
    const blocks = this.begin() as Iterator<Uint8Array>;
    return {
      next: () => {
        this.beforeBlock();
        return this.checkStep(blocks.next());
      },
      return: () => {
        this.markReturned();
        return blocks.return?.() ?? DONE;
      },
    };
  }
}

class AsyncResult extends Result implements AsyncIterable<Uint8Array> {
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const blocks = this.begin() as AsyncIterator<Uint8Array>;
    let pending = false;
    return {
      next: async () => {
        this.beforeBlock();
        if (pending) {
          throw gatewayError(
            "VAL-26",
            "a block was requested before the previous one had arrived",
            "Wait for each block.",
          );
        }
        pending = true;
        try {
          return this.checkStep(await blocks.next());
        } finally {
          pending = false;
        }
      },
      return: async () => {
        this.markReturned();
        return (await blocks.return?.()) ?? DONE;
      },
    };
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
