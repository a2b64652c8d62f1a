/** What Koa's context says of a request. Knows koa-mount and `app.proxy`. */

import type { RequestHead } from "../wsgi/environ.ts";
import { percentDecode, splitTarget } from "../wsgi/path.ts";
import type { HostExchange, KoaContext, Settle } from "./host.ts";
import { hostOf, pathOf, wholePath } from "./koa-reading.ts";
import { KoaSink } from "./koa-sink.ts";
import type { ParsedBody } from "./parsed-body.ts";
import { socketHead } from "./request-head.ts";
import type { SendTimeout } from "./send-timeout.ts";

/** A request on Koa. */
export class KoaExchange implements HostExchange {
  readonly req: KoaContext["req"];
  readonly res: KoaContext["res"];
  readonly sink: KoaSink;
  readonly passOn: () => void;
  readonly clientLeft: () => void;
  readonly answerError: (error: unknown) => void;
  readonly #ctx: KoaContext;

  constructor(ctx: KoaContext, settle: Settle, sendTimeout: SendTimeout) {
    this.#ctx = ctx;
    this.req = ctx.req;
    this.res = ctx.res;
    this.sink = new KoaSink(ctx, settle, sendTimeout);
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
