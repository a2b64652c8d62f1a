/** From a WSGI app to Koa middleware. Knows the host and the options; the journey is `exchange.ts`. */

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
 * The response is set on the context, so that upstream middleware (compress, etag, session) sees it and may change it.
 * An app that fails before its response begins throws in Koa; after that `app.on("error")` hears of it, and the
 * connection is destroyed.
 *
 * @throws OptionError when `app` is no function or an option cannot be used
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
