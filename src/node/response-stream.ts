/** A responder's answer as a `WsgiResult`, filled from a connection. Knows heads, failures and the end; knows no record. */
import type { HeaderPair, StartResponse, Write } from "../wsgi/types.ts";
import { Backlog, type BacklogLimits } from "./backlog.ts";

/** A response's head, as the responder sent it. */
export interface Head {
  readonly status: string;
  readonly headers: HeaderPair[];
}

/** The other end of the stream. */
export interface Flow {
  /** Enough is held: send no more for now. */
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. Called at most once, and not after the end. */
  cancel(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const NOTHING: Uint8Array = new Uint8Array(0);
const DONE: Step = { done: true, value: undefined };

/** `startResponse` is called within the iteration, when the head has come and a block is asked for (PEP 3333 allows it). */
export class ResponseStream implements AsyncIterator<Uint8Array, undefined> {
  readonly #startResponse: StartResponse;
  readonly #flow: Flow;
  readonly #limits: BacklogLimits;
  #head: Head | undefined;
  #write: Write | undefined;
  #flush = false;
  /** From the first block on for which nobody has asked. */
  #backlog: Backlog | undefined;
  #ended = false;
  #failure: unknown;
  #asked: { resolve(step: Step): void; reject(reason: unknown): void } | undefined;

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
      this.#asked = { resolve, reject };
      this.#answer();
    });
  }

  close(): void {
    this.#backlog?.close();
    this.#backlog = undefined;
    if (this.#ended) return;
    this.#ended = true;
    this.#flow.cancel();
    this.#answer();
  }

  /** No more will come of it, whether it ended well or not. */
  get ended(): boolean {
    return this.#ended;
  }

  start(head: Head): void {
    this.#head = head;
    this.#answer();
  }

  /** The head goes out before there is a block (PEP 3333: with the first `write()`, be it empty). */
  flushHead(): void {
    this.#flush = true;
    this.#answer();
  }

  push(block: Uint8Array): void {
    if (this.#ended) return;
    const asked = this.#asked;
    if (asked === undefined) {
      this.#backlog ??= this.#open();
      this.#backlog.push(block);
    } else if (this.#backlog === undefined || this.#backlog.isEmpty) {
      this.#asked = undefined;
      asked.resolve({ done: false, value: block });
    } else {
      this.#backlog.push(block); // what comes before it is in a file
    }
  }

  end(): void {
    this.#ended = true;
    this.#answer();
  }

  /** What came before is still given out, then the failure. */
  fail(reason: unknown): void {
    if (this.#ended) return;
    this.#failure = reason;
    this.end();
  }

  #open(): Backlog {
    return new Backlog(this.#limits, {
      pause: () => this.#flow.pause(),
      resume: () => this.#flow.resume(),
      ready: () => this.#answer(),
      failed: (error) => this.#lose(error),
    });
  }

  /** The rest cannot be given out any more, also if it had come whole. */
  #lose(cause: Error): void {
    this.#failure = new Error("what the client had not read yet is lost with its temporary file", { cause });
    this.close();
    this.#answer();
  }

  /** Gives what was asked for, as soon as it is there. */
  #answer(): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    try {
      const step = this.#step();
      if (step === undefined) return;
      this.#asked = undefined;
      asked.resolve(step);
    } catch (error) {
      this.#asked = undefined;
      asked.reject(error);
    }
  }

  /** In this order: the head, the blocks, a failure, the end. `undefined`: not there yet. */
  #step(): Step | undefined {
    if (this.#head !== undefined) {
      const { status, headers } = this.#head;
      this.#head = undefined;
      this.#write = this.#startResponse(status, headers);
    }
    const backlog = this.#backlog;
    if (this.#flush && (backlog === undefined || backlog.isEmpty)) {
      Promise.resolve(this.#write?.(NOTHING)).catch(() => undefined); // middleware's own may reject
    }
    this.#flush = false;
    const block = backlog?.shift();
    if (block !== undefined) return { done: false, value: block };
    if (backlog !== undefined && !backlog.isEmpty) return undefined; // it comes from a file
    if (!this.#ended) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return DONE;
  }
}
