/** Makes Koa middleware from a WSGI app. Knows the host and the options; `exchange.ts` handles the requests. */

import type { WsgiApp } from "../wsgi/types.ts";
import { exchange } from "./exchange.ts";
import { checkApp } from "./express.ts";
import type { KoaContext, KoaMiddleware } from "./host.ts";
import { KoaExchange } from "./koa-exchange.ts";
import { type FromWsgiOptions, resolveSettings } from "./options.ts";

/**
 * Turns a WSGI app into middleware for Koa 2 and 3.
 *
 *     app.use(mount("/shop", fromWsgi(shop)));    // koa-mount; SCRIPT_NAME is "/shop"
 *
 * The response is set on the context, so that upstream middleware (compress, etag, session) can see and change it.
 * If the app fails before its response begins, the middleware rejects with the error. If the app fails later, Koa emits the
 * error on `app.on("error")` and the connection is destroyed.
 *
 * @throws OptionError if `app` is not a function or an option is invalid
 */
export function fromWsgi<Context extends KoaContext = KoaContext>(
  app: WsgiApp,
  options: FromWsgiOptions<Context> = {},
): KoaMiddleware<Context> {
  checkApp(app);
  const settings = resolveSettings<Context>(options);
  return (ctx, next) =>
    new Promise<void>((resolve, reject) => {
      const passOn = (): void => {
        next().then(() => resolve(), reject);
      };
      const host = new KoaExchange(ctx, { resolve, reject, passOn }, settings.sendTimeout);
      exchange(app, host, settings, () => settings.environ?.(ctx));
    });
}
