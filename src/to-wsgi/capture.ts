/** A response written by Node's own `ServerResponse`, as a `WsgiResult`. Knows heads, blocks and back-pressure; knows no environ. */
import type { ServerResponse } from "node:http";
import { ResponseAbortedError } from "../errors.ts";
import type { StartResponse, Write } from "../wsgi/types.ts";
import { type CapturedHead, declaresLength, isInterim, NOT_IMPLEMENTED, readHead } from "./captured-head.ts";
import type { SocketTaker } from "./socket.ts";

type Step = IteratorResult<Uint8Array, undefined>;
const DONE: Step = { done: true, value: undefined };
const NOTHING: Uint8Array = new Uint8Array(0);
const HEAD_END = "\r\n\r\n";

/** The app's side. */
export interface Producer {
  /** What it wrote is being taken: it may write more. */
  taking(): void;
  /** A time that the app set is over. */
  expired(): void;
  /** The response will not be read to its end. */
  abandon(): void;
  /** Something that the app is to be told, and the client is not. */
  log(message: string): void;
}

/**
 * What the app writes comes out block by block as it is asked for, and not before: an app that writes faster feels it as on
 * a socket. `startResponse` is called within the iteration, when the app has committed its head.
 */
export class Capture implements AsyncIterableIterator<Uint8Array, undefined>, SocketTaker {
  readonly #startResponse: StartResponse;
  readonly #producer: Producer;
  #res: ServerResponse | undefined;
  #head: CapturedHead | undefined;
  #headSeen = false;
  #write: Write | undefined;
  /** The head went out of the app with nothing behind it: it goes on at once. */
  #flush = false;
  #block: Uint8Array | undefined;
  #taken: (() => void) | undefined;
  #finished = false;
  #closed = false;
  #failure: { readonly reason: unknown } | undefined;
  #asked: { resolve(step: Step): void; reject(reason: unknown): void } | undefined;

  constructor(startResponse: StartResponse, producer: Producer) {
    this.#startResponse = startResponse;
    this.#producer = producer;
  }

  /** @param res whose socket writes to this */
  watch(res: ServerResponse): void {
    this.#res = res;
  }

  /**
   * The whole response, where the app has given it already and has said how long it is: the server is spared the waiting.
   * `undefined`: it is to be iterated.
   */
  whole(): Uint8Array[] | undefined {
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
      this.#asked = { resolve, reject };
      this.#answer();
    });
  }

  /** For `for await`, which knows no `close()`. */
  return(): Promise<Step> {
    this.close();
    return Promise.resolve(DONE);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.complete) this.#producer.abandon();
    this.#answer();
  }

  /** The app has ended its response, and all of it was taken. */
  get complete(): boolean {
    if (this.#finished) return true;
    const res = this.#res;
    return res?.writableEnded === true && this.#block === undefined && res.socket?.writableLength === 0;
  }

  /** Node says `finish` when the last byte was taken. */
  finish(): void {
    this.#finished = true;
    this.#answer();
  }

  /** What came before is still given out. @returns false when it came too late to be told */
  fail(reason: unknown): boolean {
    if (this.#closed || this.complete) return false;
    this.#failure ??= { reason };
    this.#answer();
    return true;
  }

  gone(error: Error | null): void {
    if (this.complete || this.#closed) return;
    const cause = error ?? undefined;
    this.fail(
      new ResponseAbortedError("the app destroyed its response or socket before the response was whole", { cause }),
    );
  }

  expired(): void {
    this.#producer.expired();
  }

  take(chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void): void {
    const body = this.#headSeen ? chunk : this.#takeHead(String(chunk));
    if (body.length === 0) {
      done();
      return;
    }
    this.#block = typeof body === "string" ? Buffer.from(body, encoding) : body;
    this.#taken = done;
    this.#answer();
  }

  /** Node writes a head as text, and the first of the body behind it if that is text, too. */
  #takeHead(text: string): string {
    const end = text.indexOf(HEAD_END);
    if (isInterim(text) && this.#res?.headersSent === false) return "";
    this.#headSeen = true;
    this.#head = this.#headOf(text.slice(0, end));
    const rest = text.slice(end + HEAD_END.length);
    if (rest === "") process.nextTick(flushHead, this);
    return rest;
  }

  #headOf(text: string): CapturedHead {
    if (!isInterim(text)) return readHead(text);
    this.#producer.log(
      "the app answered with a 101 or another 1xx, which WSGI has no place for; the client gets a 501",
    );
    return NOT_IMPLEMENTED;
  }

  /** A tick after the head: what was written in one go with it is here by now. */
  flushHead(): void {
    if (this.#head === undefined || this.#block !== undefined) return;
    this.#flush = true;
    this.#answer();
  }

  #answer(): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#asked = undefined; // first: a block that is taken lets the app write the next one, here and now
    try {
      const step = this.#step();
      if (step === undefined) this.#asked = asked;
      else asked.resolve(step);
    } catch (error) {
      asked.reject(error);
    }
  }

  /** In this order: the head, a block, a failure, the end. `undefined`: not there yet. */
  #step(): Step | undefined {
    const block = this.#block;
    if (this.#head !== undefined && (block !== undefined || this.#flush || this.complete)) {
      const { status, headers } = this.#head;
      this.#head = undefined;
      this.#write = this.#startResponse(status, headers);
    }
    if (block !== undefined) {
      const taken = this.#taken;
      this.#producer.taking();
      this.#block = undefined;
      this.#taken = undefined;
      taken?.();
      return { done: false, value: block };
    }
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.complete || this.#closed) return DONE;
    if (this.#flush) {
      this.#flush = false;
      Promise.resolve(this.#write?.(NOTHING)).catch(() => undefined); // of middleware's own
    }
    return undefined;
  }
}

const flushHead = (capture: Capture): void => capture.flushHead();
