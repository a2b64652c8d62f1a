/** An app's result between the app and a gateway. Knows iteration and `close()`; gathers nothing and has no `length`. */
import type { WsgiResult } from "../types.ts";
import type { ResponseWatch } from "./response-watch.ts";
import { isThenable, show } from "./show.ts";
import { appBroke, gatewayBroke, type ValidationWarning, Warnings } from "./validation-error.ts";

/** Told where nobody can be: when memory is collected. */
export interface Unclosed {
  readonly warn: (warning: ValidationWarning) => void;
  /** The request, for the message. */
  readonly request: string;
}

/**
 * What the gateway is given for the app's result: asynchronous if, and only if, that is.
 *
 * @throws ValidationError when it is no result
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
    throw appBroke(
      "VAL-25",
      `the app returned its body bare, as ${bare}`,
      "Return an array of one Uint8Array: [body].",
    );
  }
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result || Symbol.iterator in result)) {
    throw appBroke("VAL-25", `the app returned ${show(result)}`, "Return an iterable of Uint8Arrays, [] for no body.");
  }
  const { close } = result as { close?: unknown };
  if (close !== undefined && typeof close !== "function") {
    throw appBroke("VAL-25", `the result's close is ${show(close)}`, "Make it a function, or leave it out.");
  }
  return result as WsgiResult;
}

const UNCLOSED: FinalizationRegistry<Unclosed> = new FinalizationRegistry(({ warn, request }) => {
  new Warnings(warn).gateway(
    "VAL-27",
    `the result for ${request} was dropped without a call of close()`,
    "Call it once, however the response ends.",
  );
});

/** `fresh` is not iterated over yet; `spent` has no more blocks to give, and nothing to return from. */
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

  /** `close()` if the app's result has it, else the iterator's `return()`, so that a generator's `finally` runs. */
  close(): void | Promise<void> {
    const { state } = this;
    if (state === "closed") {
      throw gatewayBroke(
        "VAL-32:close",
        "close() of the result was called twice",
        "Call it once, however the response ends.",
      );
    }
    this.state = "closed";
    UNCLOSED.unregister(this);
    if (typeof this.#result.close === "function") return this.#result.close();
    const closing = state === "spent" ? undefined : this.#unfinished()?.return?.();
    return isThenable(closing) ? Promise.resolve(closing).then(() => undefined) : undefined;
  }

  protected begin(): Blocks {
    if (this.state !== "fresh") {
      throw gatewayBroke("VAL-26", "the result was iterated over twice, or after close()", "Iterate over it once.");
    }
    this.state = "open";
    const result = this.#result;
    this.#iterator = Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
    return this.#iterator;
  }

  protected beforeBlock(): void {
    if (this.state === "closed") {
      throw gatewayBroke("VAL-26", "a block was asked for after close()", "Stop iterating when you close.");
    }
    this.#watch.iterating();
  }

  /** What comes after `close()` came too late for everybody; it is no news of the app. */
  protected checkStep(step: unknown): IteratorResult<Uint8Array> {
    if (this.state === "closed" || this.state === "spent") return step as IteratorResult<Uint8Array>;
    if (typeof step !== "object" || step === null) {
      throw appBroke("VAL-26", `the result's next() gave ${show(step)}`, "Give { done, value }, as iterators do.");
    }
    const { done, value } = step as IteratorResult<unknown>;
    if (done === true) {
      this.state = "spent";
      this.#watch.end();
    } else {
      if (!(value instanceof Uint8Array)) {
        throw appBroke("VAL-26", `the result gave ${show(value)}`, "Give Uint8Arrays; Buffer.from(text) makes one.");
      }
      this.#watch.block(value);
    }
    return step as IteratorResult<Uint8Array>;
  }

  /** The gateway has called the iterator's `return()`, so `close()` need not. */
  protected leave(): void {
    if (this.state === "open") this.state = "spent";
  }

  /** A generator that was never begun is its own iterator. */
  #unfinished(): Blocks | undefined {
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
        this.leave();
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
          throw gatewayBroke("VAL-26", "a block was asked for before the last one had come", "Wait for each block.");
        }
        pending = true;
        try {
          return this.checkStep(await blocks.next());
        } finally {
          pending = false;
        }
      },
      return: async () => {
        this.leave();
        return (await blocks.return?.()) ?? DONE;
      },
    };
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
