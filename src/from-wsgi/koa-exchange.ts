/** Reads requests from Koa's context. Knows koa-mount and `app.proxy`. */

import type { RequestHead } from "../wsgi/environ.ts";
import { percentDecode, splitTarget } from "../wsgi/path.ts";
import type { HostExchange, KoaContext, Settle } from "./host.ts";
import { fullPath, hostOf, pathOf } from "./koa-reading.ts";
import { KoaSink } from "./koa-sink.ts";
import type { ParsedBody } from "./parsed-body.ts";
import { socketHead } from "./request-head.ts";
import type { SendTimeout } from "./send-timeout.ts";

/** A request of Koa. */
export class KoaExchange implements HostExchange {
  readonly req: KoaContext["req"];
  readonly res: KoaContext["res"];
  readonly sink: KoaSink;
  readonly passOn: () => void;
  readonly onDisconnect: () => void;
  readonly answerError: (error: unknown) => void;
  readonly #ctx: KoaContext;

  constructor(ctx: KoaContext, settle: Settle, sendTimeout: SendTimeout) {
    this.#ctx = ctx;
    this.req = ctx.req;
    this.res = ctx.res;
    this.sink = new KoaSink(ctx, settle, sendTimeout);
    this.passOn = settle.passOn;
    this.onDisconnect = settle.resolve;
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
 * Reads a request's head. Call it synchronously: koa-mount restores the path as soon as its handler returns.
 *
 * The path, the host and the client's address are those that Koa's routes and earlier middleware see.
 *
 * @throws BadRequestError for a path or a host that cannot be translated, or that Koa reads differently
 */
export function koaHead(ctx: KoaContext): RequestHead {
  const target = ctx.request.originalUrl;
  const path = pathOf(ctx); // read first: it handles a getter that throws
  const mount = splitMount(fullPath(ctx), path);
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
 * Splits a path into mount path and rest. `full` is the path of the original target, `rest` the path that Koa's routers left.
 * koa-mount sets the rest to `/` for both `/m` and `/m/`, and drops the slash after a mount path that ends with one.
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
export function splitMount(full: string, rest: string): { script: string; path: string } {
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  if (full.endsWith(path)) return { script: full.slice(0, full.length - path.length), path };
  if (path === "/" && full !== "") return { script: full, path: "" };
  return { script: "", path: full === "" && path === "/" ? "" : path }; // middleware rewrote the path, so the mount is unknown
}
