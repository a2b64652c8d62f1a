/** Makes Express middleware from a WSGI app. Knows the host and the options; `exchange.ts` handles the requests. */
import type { IncomingMessage } from "node:http";
import { OptionError } from "../errors.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { exchange } from "./exchange.ts";
import { ExpressExchange } from "./express-exchange.ts";
import type { WsgiMiddleware } from "./host.ts";
import { type FromWsgiOptions, resolveSettings } from "./options.ts";

/**
 * Turns a WSGI app into middleware for Express 4 and 5, and for Connect. The middleware also works as a request listener of
 * `node:http` and `node:http2`.
 *
 *     app.use("/shop", fromWsgi(shop));           // SCRIPT_NAME is "/shop"
 *     http.createServer(fromWsgi(shop));          // no framework
 *
 * If the app fails before its response begins, the framework handles the error (`next(error)`); without a framework, the
 * client gets a 500 without a body. If the app fails later, the connection is destroyed, so that the client can tell that the
 * response is incomplete.
 *
 * @throws OptionError if `app` is not a function or an option is invalid
 */
export function fromWsgi<Request extends IncomingMessage = IncomingMessage>(
  app: WsgiApp,
  options: FromWsgiOptions<Request> = {},
): WsgiMiddleware {
  checkApp(app);
  const settings = resolveSettings<Request>(options);
  // The caller chose the type `Request`, so the caller knows that the host's requests have it.
  const extra = (req: IncomingMessage) => settings.environ?.(req as Request);
  const { sendTimeout } = settings;
  return (req, res, next) =>
    exchange(app, new ExpressExchange(req, res, { next, sendTimeout }), settings, () => extra(req));
}

/** @throws OptionError if `app` is not a function */
export function checkApp(app: WsgiApp): void {
  if (typeof app !== "function") throw new OptionError(`fromWsgi(app): app must be a function, got ${typeof app}`);
}
