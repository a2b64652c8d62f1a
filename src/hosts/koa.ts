/** What Koa's context says of a request, and how it takes a response. Knows koa-mount and `app.proxy`. */
import { PassThrough } from "node:stream";
import { ClientDisconnectError, ResponseAbortedError } from "../errors.ts";
import { leavesMuchUnread } from "../node/body.ts";
import type { ParsedBody } from "../node/parsed-body.ts";
import { socketHead } from "../node/request-head.ts";
import { breakOff, closeAfter, endsWithConnection, isHttp2, setHeaders } from "../node/response.ts";
import { Room } from "../node/room.ts";
import type { SendTimeout, SlowClientListener } from "../node/send-timeout.ts";
import { SLICE, Slices } from "../node/slices.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { describe } from "../wsgi/log.ts";
import { percentDecode, splitTarget } from "../wsgi/path.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { hostOf, pathOf, wholePath } from "./koa-reading.ts";
import type { HostExchange, KoaContext } from "./types.ts";

/** What a middleware's promise becomes: resolved with the head set, or rejected. */
export interface Settle {
  resolve(): void;
  reject(error: unknown): void;
  /** The next middleware is to answer. */
  passOn(): void;
}

/** A request on Koa. */
export class KoaExchange implements HostExchange {
  readonly req: KoaContext["req"];
  readonly res: KoaContext["res"];
  readonly sink: KoaSink;
  readonly passOn: () => void;
  readonly clientLeft: () => void;
  readonly answerError: (error: unknown) => void;
  exchange: SlowClientListener | undefined;
  readonly #ctx: KoaContext;

  constructor(ctx: KoaContext, settle: Settle, sendTimeout: SendTimeout) {
    this.#ctx = ctx;
    this.req = ctx.req;
    this.res = ctx.res;
    this.sink = new KoaSink(ctx, { settle, sendTimeout, request: this });
    this.passOn = settle.passOn;
    this.clientLeft = settle.resolve;
    this.answerError = settle.reject;
  }

  head(): RequestHead {
    return koaHead(this.#ctx);
  }

  parsedBody(): ParsedBody {
    return this.#ctx.request;
  }
}

/**
 * Reads a request's head. Call it at once: koa-mount puts the path back when it is left.
 *
 * Path, host and address are those that Koa's routes and guards have read.
 *
 * @throws BadRequestError for a path or a host that cannot be translated, or that Koa reads differently
 */
export function koaHead(ctx: KoaContext): RequestHead {
  const target = ctx.request.originalUrl;
  const path = pathOf(ctx); // first, since the getter may throw
  const mount = splitMount(wholePath(ctx), path);
  return socketHead(ctx.req, {
    scriptName: percentDecode(mount.script),
    pathInfo: percentDecode(mount.path),
    queryString: splitTarget(ctx.req.url ?? "/").query,
    target,
    protocol: ctx.protocol,
    host: hostOf(ctx),
    ip: ctx.ip,
  });
}

/**
 * The mount and the rest of a path: what was there at first, less what Koa's routers left of it.
 * koa-mount says `/` for `/m` and `/m/` alike, and eats the slash after a mount that ends with one.
 *
 *     splitMount("/m/a", "/a")         → { script: "/m", path: "/a" }
 *     splitMount("/m", "/")            → { script: "/m", path: "" }
 *     splitMount("/m/", "/")           → { script: "/m", path: "/" }
 *     splitMount("/m/a", "a")          → { script: "/m", path: "/a" }
 *     splitMount("/a", "/a")           → { script: "", path: "/a" }
 *     splitMount("/", "/")             → { script: "", path: "/" }
 *     splitMount("", "")               → { script: "", path: "" }
 *     splitMount("/old", "/new")       → { script: "", path: "/new" }
 */
export function splitMount(whole: string, rest: string): { script: string; path: string } {
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  if (whole.endsWith(path)) return { script: whole.slice(0, whole.length - path.length), path };
  if (path === "/" && whole !== "") return { script: whole, path: "" };
  return { script: "", path: whole === "" && path === "/" ? "" : path }; // rewritten upstream, so nothing is known of a mount
}

const NOTHING: Uint8Array = new Uint8Array(0);
const NO_ASCII = /[^\x00-\x7f]/;

type Settling = Pick<Settle, "resolve" | "reject">;

/** Sets the response on the context, where upstream middleware sees it and may change it; Koa sends it. */
export class KoaSink implements ResponseSink {
  readonly #ctx: KoaContext;
  readonly #settle: Settling;
  readonly #sendTimeout: SendTimeout;
  readonly #request: { readonly exchange: SlowClientListener | undefined };
  #headers: HeaderList = [];
  #stream: PassThrough | undefined;
  #room: Room | undefined;
  #slices: Slices | undefined;
  #answered = false;

  /** @param around `request`: its exchange hears when the client is cut off */
  constructor(
    ctx: KoaContext,
    around: { settle: Settling; sendTimeout: SendTimeout; request: { exchange: SlowClientListener | undefined } },
  ) {
    this.#ctx = ctx;
    this.#settle = around.settle;
    this.#sendTimeout = around.sendTimeout;
    this.#request = around.request;
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
    this.#sendTimeout.watch(this.#ctx.res, this.#request.exchange);
    this.#room ??= new Room(stream);
    return this.#room.wait();
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

  /** Koa hears of the stream's error and emits it on the app; Koa 2 leaves the socket open then, so it is destroyed here. */
  abort(reason: unknown): void {
    const { res } = this.#ctx;
    if (!this.#answered) {
      this.#abortUnanswered(reason);
      return;
    }
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
      this.#room = new Room(stream);
      this.#slices = new Slices(stream, this.#room);
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
    this.#sendTimeout.watchEnd(ctx.res, this.#request.exchange);
    this.#settle.resolve();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(describe(reason));
}
