/** How Koa takes a response: set on the context, where upstream middleware sees it and may change it. Koa sends it. */
import { PassThrough } from "node:stream";
import { ClientDisconnectError, ResponseAbortedError } from "../errors.ts";
import { breakOff, closeAfter, endsWithConnection, isHttp2, setHeaders } from "../node/response.ts";
import { describe } from "../wsgi/log.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { leavesMuchUnread } from "./body.ts";
import { DrainWaiter } from "./drain-waiter.ts";
import type { HostSink, KoaContext, Settle } from "./host.ts";
import type { SendTimeout, SlowClientListener } from "./send-timeout.ts";
import { SLICE, Slices } from "./slices.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const NO_ASCII = /[^\x00-\x7f]/;

export class KoaSink implements HostSink {
  readonly #ctx: KoaContext;
  readonly #settle: Pick<Settle, "resolve" | "reject">;
  readonly #sendTimeout: SendTimeout;
  slowClient: SlowClientListener | undefined;
  #headers: HeaderList = [];
  #stream: PassThrough | undefined;
  #drain: DrainWaiter | undefined;
  #slices: Slices | undefined;
  #answered = false;

  constructor(ctx: KoaContext, settle: Pick<Settle, "resolve" | "reject">, sendTimeout: SendTimeout) {
    this.#ctx = ctx;
    this.#settle = settle;
    this.#sendTimeout = sendTimeout;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    const ctx = this.#ctx;
    ctx.status = code;
    if (ctx.req.httpVersionMajor === 1) ctx.message = reason; // after the status, which sets one of its own
    this.#headers = headers;
  }

  write(block: Uint8Array): Promise<void> | undefined {
    const stream = this.#stream ?? this.#open();
    if (this.#slices?.takes(block)) return this.#slices.write(block);
    if (block.length === 0 || stream.write(block)) return undefined;
    this.#sendTimeout.watch(this.#ctx.res, this.slowClient);
    this.#drain ??= new DrainWaiter(stream);
    return this.#drain.wait();
  }

  end(block: Uint8Array = NOTHING): void {
    if (this.#stream === undefined && this.#mayBeBytes(block.length)) {
      this.#answer(Buffer.from(block.buffer, block.byteOffset, block.byteLength));
      return;
    }
    const stream = this.#stream ?? this.#open();
    if (this.#slices?.takes(block)) this.#slices.end(block);
    else stream.end(block);
  }

  abort(reason: unknown): void {
    if (!this.#answered) {
      this.#abortUnanswered(reason);
      return;
    }
    const { res } = this.#ctx;
    const stream = this.#stream;
    if (stream === undefined || reason instanceof ClientDisconnectError || res.destroyed || isEmpty(stream)) {
      this.#destroy(reason);
      return;
    }
    // What was written before goes out first. At its end this comes before Koa, which would end the response as if it were whole.
    stream.prependOnceListener("end", () => {
      breakOff(res);
      this.#destroy(reason);
    });
    stream.end();
  }

  /** Koa hears of the stream's error and emits it on the app; Koa 2 leaves the socket open then, so it is destroyed here. */
  #destroy(reason: unknown): void {
    const { res } = this.#ctx;
    if (endsWithConnection(res)) breakOff(res); // before Koa 3 closes it as if the body were whole
    this.#stream?.once("close", () => breakOff(res));
    this.#stream?.destroy(reason instanceof ClientDisconnectError ? undefined : asError(reason));
  }

  /** The client has nothing of it yet: Koa can still say so, if that is wanted. */
  #abortUnanswered(reason: unknown): void {
    if (reason instanceof ResponseAbortedError) breakOff(this.#ctx.res);
    if (reason instanceof ResponseAbortedError || reason instanceof ClientDisconnectError) this.#settle.resolve();
    else this.#settle.reject(reason);
  }

  /** A body that is whole already is worth more to upstream middleware (etag, compress) as bytes than as a stream. */
  #mayBeBytes(length: number): boolean {
    if (this.#ctx.req.method === "HEAD") return false; // Koa would make a Content-Length of it
    if (isHttp2(this.#ctx.res) && length > SLICE) return false; // `Slices` say why
    // Given the head and all of the body at once, Node would decode Content-Disposition again as UTF-8.
    return !this.#headers.some(([name, value]) => name.toLowerCase() === "content-disposition" && NO_ASCII.test(value));
  }

  #open(): PassThrough {
    const stream = new PassThrough();
    stream.on("error", () => undefined); // Koa hears of it, too; an unheard one would end the process
    this.#stream = stream;
    if (isHttp2(this.#ctx.res)) {
      this.#drain = new DrainWaiter(stream);
      this.#slices = new Slices(stream, this.#drain);
    }
    this.#answer(stream);
    return stream;
  }

  /** The body first: Koa sets a type and drops a length with it, and the app's own headers are the last word. */
  #answer(body: Buffer | PassThrough): void {
    this.#answered = true;
    const ctx = this.#ctx;
    const before = ctx.response.header["content-type"];
    const { status } = ctx;
    const message = ctx.req.httpVersionMajor === 1 ? ctx.message : undefined; // to read it on HTTP/2 makes Node warn
    ctx.body = body;
    ctx.status = status;
    if (message !== undefined) ctx.message = message;
    if (before === undefined) ctx.remove("Content-Type");
    setHeaders(ctx.res, this.#headers);
    if (leavesMuchUnread(ctx.req)) closeAfter(ctx.res);
    this.#sendTimeout.watchEnd(ctx.res, this.slowClient);
    this.#settle.resolve();
  }
}

function isEmpty({ readableLength, writableLength }: PassThrough): boolean {
  return readableLength + writableLength === 0;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(describe(reason));
}
