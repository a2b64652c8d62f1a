export type { KoaContext, KoaMiddleware } from "./from-wsgi/host.ts";
export { fromWsgi } from "./from-wsgi/koa.ts";
export type { FromWsgiOptions } from "./from-wsgi/options.ts";
export type { KoaApp } from "./to-wsgi/koa.ts";
export { toWsgi } from "./to-wsgi/koa.ts";
