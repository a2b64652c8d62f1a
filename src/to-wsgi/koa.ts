/** Makes a WSGI app from a Koa app. Knows Koa's context and mounts; `express.ts` does the rest. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { OptionError } from "../errors.ts";
import type { RequestUrl } from "../wsgi/request-url.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { serve } from "./express.ts";

/** The methods of a Koa app that this package uses. */
export interface KoaApp {
  callback(): (req: IncomingMessage, res: ServerResponse) => unknown;
  createContext(req: IncomingMessage, res: ServerResponse): object;
}

/**
 * Turns a Koa 2 or 3 app into a WSGI app. Everything that is not specific to Koa is documented at `toWsgi` of `wsgi-bridge`.
 *
 *     express().use("/blog", fromWsgi(toWsgi(koaApp)));
 *
 * Below a mount, `ctx.path` and `ctx.url` are relative to the mount and `ctx.originalUrl` is the full URL, as with koa-mount.
 *
 * @throws OptionError if `app` is not a Koa app
 */
export function toWsgi(app: KoaApp): WsgiApp {
  if (typeof app?.callback !== "function" || typeof app.createContext !== "function") {
    throw new OptionError(
      "toWsgi(app): app must be a Koa app; for a (req, res) handler import toWsgi from wsgi-bridge",
    );
  }
  const unmounted = app.callback();
  const mounted = mountedCallback(app);
  return (environ, startResponse) =>
    serve(environ, startResponse, (req, res, url) => {
      if (url.base === "") return unmounted(req, res);
      return mounted(Object.assign(req, { [MOUNT]: url }), res);
    });
}

const MOUNT: unique symbol = Symbol("mount");
type MountedRequest = IncomingMessage & { [MOUNT]?: RequestUrl };

/**
 * Returns Koa's callback for requests below a mount. Koa copies `req.url` to `originalUrl` when it creates a context, so
 * `req.url` must be the full URL until then.
 */
function mountedCallback(app: KoaApp): (req: MountedRequest, res: ServerResponse) => unknown {
  const createContext = (req: MountedRequest, res: ServerResponse): object => {
    const { target, base, rest } = req[MOUNT] as RequestUrl;
    req.url = target;
    const context = app.createContext(req, res);
    req.url = rest;
    return Object.assign(context, { mountPath: base });
  };
  return (Object.create(app, { createContext: { value: createContext } }) as KoaApp).callback();
}
