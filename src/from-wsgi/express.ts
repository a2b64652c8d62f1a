/** From a WSGI app to Express middleware. Knows the host and the options; the journey is `exchange.ts`. */
import type { IncomingMessage } from "node:http";
import { OptionError } from "../errors.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { exchange } from "./exchange.ts";
import { ExpressExchange } from "./express-exchange.ts";
import type { WsgiMiddleware } from "./host.ts";
import { type FromWsgiOptions, resolveSettings } from "./options.ts";

/**
 * Turns a WSGI app into middleware for Express 4 and 5 (and Connect) that is a plain `node:http` and `node:http2` listener
 * too.
 *
 *     app.use("/shop", fromWsgi(shop));           // SCRIPT_NAME is "/shop"
 *     http.createServer(fromWsgi(shop));          // no framework
 *
 * An app that fails before its response begins gets the framework's own error handling (`next(error)`), a bare 500
 * without one. After that the connection is destroyed, so that no client takes half an answer for a whole one.
 *
 * @throws OptionError when `app` is no function or an option cannot be used
 */
export function fromWsgi<Request extends IncomingMessage = IncomingMessage>(
  app: WsgiApp,
  options: FromWsgiOptions<Request> = {},
): WsgiMiddleware {
  checkApp(app);
  const settings = resolveSettings<Request>(options);
  // Whoever says in the option's type that the host is Express, or has put more on the request, knows it.
  const extra = (req: IncomingMessage) => settings.environ?.(req as Request);
  const { sendTimeout } = settings;
  return (req, res, next) =>
    exchange(app, new ExpressExchange(req, res, { next, sendTimeout }), settings, () => extra(req));
}

/** @throws OptionError */
export function checkApp(app: WsgiApp): void {
  if (typeof app !== "function") throw new OptionError(`fromWsgi(app): app must be a function, got ${typeof app}`);
}
