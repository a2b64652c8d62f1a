/**
 * A `ResponseSink` that sets the response on Koa's context, so that upstream middleware can see and change it. Koa sends the
 * response. Knows Koa's context; knows no WSGI.
 */
import { PassThrough } from "node:stream";
import { ClientDisconnectError, ResponseAbortedError } from "../errors.ts";
import { abortResponse, closeConnectionAfter, isCloseDelimited, isHttp2, setHeaders } from "../node/response.ts";
import { describe } from "../wsgi/log.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { hasLargeUnreadBody } from "./declared-body.ts";
import { DrainWaiter } from "./drain-waiter.ts";
import type { HostSink, KoaContext, Settle } from "./host.ts";
import type { SendTimeout, SendTimeoutListener } from "./send-timeout.ts";
import { SLICE, SliceWriter } from "./slice-writer.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NON_ASCII = /[^\x00-\x7f]/;

export class KoaSink implements HostSink {
  readonly #ctx: KoaContext;
  readonly #settle: Pick<Settle, "resolve" | "reject">;
  readonly #sendTimeout: SendTimeout;
  sendTimeoutListener: SendTimeoutListener | undefined;
  #headers: HeaderList = [];
  #stream: PassThrough | undefined;
  #drain: DrainWaiter | undefined;
  #sliceWriter: SliceWriter | undefined;
  #isResponseSet = false;

  constructor(ctx: KoaContext, settle: Pick<Settle, "resolve" | "reject">, sendTimeout: SendTimeout) {
    this.#ctx = ctx;
    this.#settle = settle;
    this.#sendTimeout = sendTimeout;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    const ctx = this.#ctx;
    ctx.status = code;
    if (ctx.req.httpVersionMajor === 1) ctx.message = reason; // set after `ctx.status`, which resets the message
    this.#headers = headers;
  }

  write(block: Uint8Array): Promise<void> | undefined {
    // An empty first block sends the head. Koa would send it with the first data.
    if (block.length === 0 && this.#stream === undefined) flushOnPipe(this.#ctx.res);
    const stream = this.#stream ?? this.#openStream();
    if (this.#sliceWriter?.mustSlice(block)) return this.#sliceWriter.write(block);
    if (block.length === 0 || stream.write(block)) return undefined;
    this.#sendTimeout.watch(this.#ctx.res, this.sendTimeoutListener);
    this.#drain ??= new DrainWaiter(stream);
    return this.#drain.wait();
  }

  end(block: Uint8Array = EMPTY): void {
    if (this.#stream === undefined && this.#canBeBuffer(block.length)) {
      this.#setResponse(Buffer.from(block.buffer, block.byteOffset, block.byteLength));
      return;
    }
    const stream = this.#stream ?? this.#openStream();
    if (this.#sliceWriter?.mustSlice(block)) this.#sliceWriter.end(block);
    else stream.end(block);
  }

  abort(reason: unknown): void {
    if (!this.#isResponseSet) {
      this.#abortBeforeResponse(reason);
      return;
    }
    const { res } = this.#ctx;
    const stream = this.#stream;
    if (stream === undefined || reason instanceof ClientDisconnectError || res.destroyed || isEmpty(stream)) {
      this.#destroy(reason);
      return;
    }
    // Koa first sends what is in the stream. This listener runs before Koa's listener, which would end the response normally.
    stream.prependOnceListener("end", () => {
      abortResponse(res);
      this.#destroy(reason);
    });
    stream.end();
  }

  /** Destroys the stream. Koa emits its error on the app; Koa 2 leaves the socket open, so the response is aborted as well. */
  #destroy(reason: unknown): void {
    const { res } = this.#ctx;
    if (isCloseDelimited(res)) abortResponse(res); // before Koa 3 ends it normally
    this.#stream?.once("close", () => abortResponse(res));
    this.#stream?.destroy(reason instanceof ClientDisconnectError ? undefined : asError(reason));
  }

  /** Called if no response is set yet. Koa can still send an error response, unless the app aborted its response on purpose. */
  #abortBeforeResponse(reason: unknown): void {
    if (reason instanceof ResponseAbortedError) abortResponse(this.#ctx.res);
    if (reason instanceof ResponseAbortedError || reason instanceof ClientDisconnectError) this.#settle.resolve();
    else this.#settle.reject(reason);
  }

  /** Whether the body can be set as one buffer. Upstream middleware (etag, compress) handles buffers better than streams. */
  #canBeBuffer(length: number): boolean {
    if (this.#ctx.req.method === "HEAD") return false; // Koa would set Content-Length to the buffer's length
    if (isHttp2(this.#ctx.res) && length > SLICE) return false; // see `SliceWriter`
    // If the head and the whole body were written together, Node would decode Content-Disposition again, as UTF-8.
    return !this.#headers.some(
      ([name, value]) => name.toLowerCase() === "content-disposition" && NON_ASCII.test(value),
    );
  }

  #openStream(): PassThrough {
    const stream = new PassThrough();
    stream.on("error", () => undefined); // Koa handles the error; without any listener it would crash the process
    this.#stream = stream;
    if (isHttp2(this.#ctx.res)) {
      this.#drain = new DrainWaiter(stream);
      this.#sliceWriter = new SliceWriter(stream, this.#drain);
    }
    this.#setResponse(stream);
    return stream;
  }

  /** Sets the body before the headers: Koa then changes Content-Type and Content-Length, but the app's headers must win. */
  #setResponse(body: Buffer | PassThrough): void {
    this.#isResponseSet = true;
    const ctx = this.#ctx;
    const typeBefore = ctx.response.header["content-type"];
    const { status } = ctx;
    const message = ctx.req.httpVersionMajor === 1 ? ctx.message : undefined; // reading it on HTTP/2 makes Node print a warning
    ctx.body = body;
    ctx.status = status;
    if (message !== undefined) ctx.message = message;
    if (typeBefore === undefined) ctx.remove("Content-Type");
    setHeaders(ctx.res, this.#headers);
    if (hasLargeUnreadBody(ctx.req)) closeConnectionAfter(ctx.res);
    this.#sendTimeout.watchAfterEnd(ctx.res, this.sendTimeoutListener);
    this.#settle.resolve();
  }
}

/** Sends the head as soon as Koa begins to send the body: by then upstream middleware has set its headers. */
function flushOnPipe(res: KoaContext["res"]): void {
  res.once("pipe", () => res.flushHeaders());
}

function isEmpty({ readableLength, writableLength }: PassThrough): boolean {
  return readableLength + writableLength === 0;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(describe(reason));
}
