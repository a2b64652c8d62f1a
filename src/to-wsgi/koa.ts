/** From a Koa app to a WSGI app. Knows Koa's context and mounts; the rest is `express.ts`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { OptionError } from "../errors.ts";
import type { RequestUrl } from "../wsgi/request-url.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { serve } from "./express.ts";

/** What this package uses of a Koa app. */
export interface KoaApp {
  callback(): (req: IncomingMessage, res: ServerResponse) => unknown;
  createContext(req: IncomingMessage, res: ServerResponse): object;
}

/**
 * Turns a Koa app, 2 or 3, into a WSGI app; see `toWsgi` of `wsgi-bridge` for all that is not Koa's.
 *
 *     express().use("/blog", fromWsgi(toWsgi(koaApp)));
 *
 * Below a mount, `ctx.path` and `ctx.url` are what the mount leaves and `ctx.originalUrl` is all of it, as under koa-mount.
 *
 * @throws OptionError when `app` is no Koa app
 */
export function toWsgi(app: KoaApp): WsgiApp {
  if (typeof app?.callback !== "function" || typeof app.createContext !== "function") {
    throw new OptionError(
      "toWsgi(app): app must be a Koa app; for a (req, res) handler import toWsgi from wsgi-bridge",
    );
  }
  const whole = app.callback();
  const mounted = mountedCallback(app);
  return (environ, startResponse) =>
    serve(environ, startResponse, (req, res, url) => {
      if (url.base === "") return whole(req, res);
      return mounted(Object.assign(req, { [MOUNT]: url }), res);
    });
}

const MOUNT: unique symbol = Symbol("mount");
type MountedRequest = IncomingMessage & { [MOUNT]?: RequestUrl };

/** Koa takes `originalUrl` from the request when it makes a context: all of the URL is there until it has. */
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
