/** Turns the output of Node's `ServerResponse` into a `WsgiResult`. Knows heads, blocks and back-pressure; knows no environ. */
import type { ServerResponse } from "node:http";
import { ResponseAbortedError } from "../errors.ts";
import type { StartResponse, Write } from "../wsgi/types.ts";
import { type CapturedHead, declaresLength, isInterim, NOT_IMPLEMENTED, readHead } from "./captured-head.ts";
import type { SocketOwner } from "./socket.ts";

type Step = IteratorResult<Uint8Array, undefined>;
const DONE: Step = { done: true, value: undefined };
const EMPTY: Uint8Array = new Uint8Array(0);
const HEAD_END = "\r\n\r\n";

/** The source of a captured response: its request and its app. */
export interface Producer {
  /** Called before a block is handed out. The socket may then emit `drain`. */
  beforeDrain(): void;
  /** Called when the timeout that the app set on the socket expires. */
  onTimeout(): void;
  /** Called when the response will not be read to its end. */
  abort(): void;
  /** Logs a message for the developer of the app; the client does not get it. */
  log(message: string): void;
}

/**
 * Hands out what the app writes, one block for each `next()`. Accepts the next block only after that, so an app that writes too
 * fast sees back-pressure, as on a real socket. Calls `startResponse` during the iteration, when the app has sent its head.
 */
export class Capture implements AsyncIterableIterator<Uint8Array, undefined>, SocketOwner {
  readonly #startResponse: StartResponse;
  readonly #producer: Producer;
  #res: ServerResponse | undefined;
  #head: CapturedHead | undefined;
  #headSeen = false;
  #write: Write | undefined;
  /** True if the app sent its head alone, so that the head is passed on before the first block. */
  #flushRequested = false;
  #block: Uint8Array | undefined;
  /** Called when `#block` is handed out, so that the app can write the next one. */
  #blockDone: (() => void) | undefined;
  #finished = false;
  #closed = false;
  #failure: { readonly reason: unknown } | undefined;
  #pendingNext: { resolve(step: Step): void; reject(reason: unknown): void } | undefined;

  constructor(startResponse: StartResponse, producer: Producer) {
    this.#startResponse = startResponse;
    this.#producer = producer;
  }

  /** @param res the response whose socket writes to this object */
  attach(res: ServerResponse): void {
    this.#res = res;
  }

  /** Returns the whole body if the app has already ended a response that has a Content-Length; otherwise undefined. */
  completeBody(): Uint8Array[] | undefined {
    if (this.#res?.writableEnded !== true || this.#head === undefined || !declaresLength(this.#head)) return undefined;
    const blocks: Uint8Array[] = [];
    for (let step = this.#step(); step?.value !== undefined; step = this.#step()) blocks.push(step.value);
    return blocks;
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

  /** Called by `for await`, which does not call `close()`. */
  return(): Promise<Step> {
    this.close();
    return Promise.resolve(DONE);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.isComplete) this.#producer.abort();
    this.#settleNext();
  }

  /** Whether the app has ended its response and all of it was handed out. */
  get isComplete(): boolean {
    if (this.#finished) return true;
    const res = this.#res;
    return res?.writableEnded === true && this.#block === undefined && res.socket?.writableLength === 0;
  }

  /** Called when the response emits `finish`, after the last byte was handed out. */
  finish(): void {
    this.#finished = true;
    this.#settleNext();
  }

  /** Makes the iteration fail, after the data written before. Returns false if the response is complete or closed. */
  fail(reason: unknown): boolean {
    if (this.#closed || this.isComplete) return false;
    this.#failure ??= { reason };
    this.#settleNext();
    return true;
  }

  onDestroy(error: Error | null): void {
    if (this.isComplete || this.#closed) return;
    const cause = error ?? undefined;
    this.fail(
      new ResponseAbortedError("the app destroyed its response or socket before the response was complete", { cause }),
    );
  }

  onTimeout(): void {
    this.#producer.onTimeout();
  }

  receive(chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void): void {
    const body = this.#headSeen ? chunk : this.#splitHead(String(chunk));
    if (body.length === 0) {
      done();
      return;
    }
    this.#block = typeof body === "string" ? Buffer.from(body, encoding) : body;
    this.#blockDone = done;
    this.#settleNext();
  }

  /** Parses the head. Node writes it as a string, with the first part of the body if that is a string, too. Returns that part. */
  #splitHead(text: string): string {
    const end = text.indexOf(HEAD_END);
    if (isInterim(text) && this.#res?.headersSent === false) return "";
    this.#headSeen = true;
    this.#head = this.#parseHead(text.slice(0, end));
    const body = text.slice(end + HEAD_END.length);
    if (body === "") process.nextTick(flushHead, this);
    return body;
  }

  #parseHead(text: string): CapturedHead {
    if (!isInterim(text)) return readHead(text);
    this.#producer.log(
      "the app sent a 1xx response, such as 101, as its final response, which WSGI does not support; the client gets a 501",
    );
    return NOT_IMPLEMENTED;
  }

  /** Called one tick after the head: by then, a body that the app wrote together with the head has arrived. */
  flushHead(): void {
    if (this.#head === undefined || this.#block !== undefined) return;
    this.#flushRequested = true;
    this.#settleNext();
  }

  #settleNext(): void {
    const pending = this.#pendingNext;
    if (pending === undefined) return;
    this.#pendingNext = undefined; // cleared first: `#step()` may make the app write its next block synchronously
    try {
      const step = this.#step();
      if (step === undefined) this.#pendingNext = pending;
      else pending.resolve(step);
    } catch (error) {
      pending.reject(error);
    }
  }

  /** Passes on the head, then returns a block, throws the failure or returns the end; undefined if nothing is available. */
  #step(): Step | undefined {
    const block = this.#block;
    if (this.#head !== undefined && (block !== undefined || this.#flushRequested || this.isComplete)) {
      const { status, headers } = this.#head;
      this.#head = undefined;
      this.#write = this.#startResponse(status, headers);
    }
    if (block !== undefined) {
      const done = this.#blockDone;
      this.#producer.beforeDrain();
      this.#block = undefined;
      this.#blockDone = undefined;
      done?.();
      return { done: false, value: block };
    }
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.isComplete || this.#closed) return DONE;
    if (this.#flushRequested) {
      this.#flushRequested = false;
      Promise.resolve(this.#write?.(EMPTY)).catch(() => undefined); // a `write()` of middleware may reject
    }
    return undefined;
  }
}

const flushHead = (capture: Capture): void => capture.flushHead();
