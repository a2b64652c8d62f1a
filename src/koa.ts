export { fromWsgi } from "./from-wsgi-koa.ts";
export type { KoaApp, KoaContext, KoaMiddleware } from "./hosts/types.ts";
export type { FromWsgiOptions } from "./options.ts";
export { toWsgi } from "./to-wsgi-koa.ts";
