export { fromWsgi } from "./from-wsgi-koa.ts";
export type { KoaContext, KoaMiddleware } from "./hosts/types.ts";
export type { FromWsgiOptions } from "./options.ts";
