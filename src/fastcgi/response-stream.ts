/** A responder's answer as a `WsgiResult`, filled from a connection. Knows blocks and back-pressure; knows no record. */
import type { StartResponse, Write } from "../wsgi/types.ts";
import type { CgiHead } from "./cgi-head.ts";

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

/** A client that reads slowly holds the responder up only when so many bytes wait for it. */
export const RESPONSE_BUFFER: number = 1024 * 1024;

/** `startResponse` is called within the iteration, when the head has come and a block is asked for (PEP 3333 allows it). */
export class ResponseStream implements AsyncIterator<Uint8Array, undefined> {
  readonly #startResponse: StartResponse;
  readonly #flow: Flow;
  #head: CgiHead | undefined;
  #write: Write | undefined;
  #flush = false;
  readonly #blocks: Buffer[] = [];
  /** Bytes in `#blocks`. */
  #held = 0;
  #ended = false;
  #failure: unknown;
  #asked: { resolve(step: Step): void; reject(reason: unknown): void } | undefined;

  constructor(startResponse: StartResponse, flow: Flow) {
    this.#startResponse = startResponse;
    this.#flow = flow;
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
    if (this.#ended) return;
    this.#ended = true;
    this.#blocks.length = 0;
    this.#flow.cancel();
    this.#answer();
  }

  /** No more will come of it, whether it ended well or not. */
  get ended(): boolean {
    return this.#ended;
  }

  start(head: CgiHead): void {
    this.#head = head;
    this.#answer();
  }

  /** The head goes out before there is a block (PEP 3333: with the first `write()`, be it empty). */
  flushHead(): void {
    this.#flush = true;
    this.#answer();
  }

  push(block: Buffer): void {
    if (this.#ended) return;
    this.#blocks.push(block);
    this.#held += block.length;
    if (this.#held > RESPONSE_BUFFER) this.#flow.pause();
    this.#answer();
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
    if (this.#flush && this.#blocks.length === 0) Promise.resolve(this.#write?.(NOTHING)).catch(() => undefined); // middleware's own may reject
    this.#flush = false;
    const block = this.#blocks.shift();
    if (block !== undefined) {
      this.#held -= block.length;
      if (this.#held <= RESPONSE_BUFFER / 2) this.#flow.resume();
      return { done: false, value: block };
    }
    if (!this.#ended) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return DONE;
  }
}
