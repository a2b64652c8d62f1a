/** Makes a `WsgiResult` of a response that arrives on a connection. Knows heads, failures and the end; knows no protocol. */
import type { HeaderPair, StartResponse, Write } from "../wsgi/types.ts";
import { Backlog, type BacklogLimits } from "./backlog.ts";

/** The head of a response, as the Python process or the remote server sent it. */
export interface Head {
  readonly status: string;
  readonly headers: HeaderPair[];
}

/** Controls the source of the response, which is a connection. */
export interface Flow {
  /** Stops the source until `resume`, because enough data is buffered. */
  pause(): void;
  resume(): void;
  /** Called when nobody will read the rest of the response. Called at most once, and never after the end. */
  cancel(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const EMPTY: Uint8Array = new Uint8Array(0);
const DONE: Step = { done: true, value: undefined };

/** Calls `startResponse` during the iteration, when the head has arrived and `next()` is pending (PEP 3333 allows that). */
export class ResponseStream implements AsyncIterator<Uint8Array, undefined> {
  readonly #startResponse: StartResponse;
  readonly #flow: Flow;
  readonly #limits: BacklogLimits;
  #head: Head | undefined;
  #write: Write | undefined;
  #flushRequested = false;
  /** Created when the first block arrives while no `next()` is pending. */
  #backlog: Backlog | undefined;
  #ended = false;
  #failure: unknown;
  #pendingNext: { resolve(step: Step): void; reject(reason: unknown): void } | undefined;

  constructor(startResponse: StartResponse, flow: Flow, limits: BacklogLimits) {
    this.#startResponse = startResponse;
    this.#flow = flow;
    this.#limits = limits;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#pendingNext = { resolve, reject };
      this.#settleNext();
    });
  }

  close(): void {
    this.#backlog?.close();
    this.#backlog = undefined;
    if (this.#ended) return;
    this.#ended = true;
    this.#flow.cancel();
    this.#settleNext();
  }

  /** Whether the response has ended, successfully or not. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Called when the head has arrived. */
  start(head: Head): void {
    this.#head = head;
    this.#settleNext();
  }

  /** Sends the head before the first block arrives. In PEP 3333, even an empty `write()` sends the head. */
  flushHead(): void {
    this.#flushRequested = true;
    this.#settleNext();
  }

  /** Called when a block has arrived. */
  push(block: Uint8Array): void {
    if (this.#ended) return;
    const pending = this.#pendingNext;
    if (pending === undefined) {
      this.#backlog ??= this.#openBacklog();
      this.#backlog.push(block);
    } else if (this.#backlog === undefined || this.#backlog.isEmpty) {
      this.#pendingNext = undefined;
      pending.resolve({ done: false, value: block });
    } else {
      this.#backlog.push(block); // earlier blocks are still in the file
    }
  }

  /** Called when the response is complete. */
  end(): void {
    this.#ended = true;
    this.#settleNext();
  }

  /** Makes the iteration fail, after it has returned the blocks that arrived before. */
  fail(reason: unknown): void {
    if (this.#ended) return;
    this.#failure = reason;
    this.end();
  }

  #openBacklog(): Backlog {
    return new Backlog(this.#limits, {
      pause: () => this.#flow.pause(),
      resume: () => this.#flow.resume(),
      ready: () => this.#settleNext(),
      failed: (error) => this.#failBacklog(error),
    });
  }

  /** Fails the iteration because the buffered data is lost, even if the response had arrived completely. */
  #failBacklog(cause: Error): void {
    this.#failure = new Error("the temporary file that holds the rest of the response cannot be read", { cause });
    this.close();
    this.#settleNext();
  }

  /** Settles the pending `next()` if its result is available. */
  #settleNext(): void {
    const pending = this.#pendingNext;
    if (pending === undefined) return;
    try {
      const step = this.#step();
      if (step === undefined) return;
      this.#pendingNext = undefined;
      pending.resolve(step);
    } catch (error) {
      this.#pendingNext = undefined;
      pending.reject(error);
    }
  }

  /** Passes on the head, then returns a block, throws the failure or returns the end; undefined if nothing is available. */
  #step(): Step | undefined {
    if (this.#head !== undefined) {
      const { status, headers } = this.#head;
      this.#head = undefined;
      this.#write = this.#startResponse(status, headers);
    }
    const backlog = this.#backlog;
    if (this.#flushRequested && (backlog === undefined || backlog.isEmpty)) {
      Promise.resolve(this.#write?.(EMPTY)).catch(() => undefined); // a `write()` of middleware may reject
    }
    this.#flushRequested = false;
    const block = backlog?.shift();
    if (block !== undefined) return { done: false, value: block };
    if (backlog !== undefined && !backlog.isEmpty) return undefined; // the next block is being read from the file
    if (!this.#ended) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return DONE;
  }
}
