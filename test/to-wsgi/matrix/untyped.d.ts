/** Packages without types of their own, as far as the matrix uses them. */
declare module "multer" {
  import type { RequestHandler } from "express";

  interface Multer {
    any(): RequestHandler;
    single(name: string): RequestHandler;
  }
  function multer(options?: object): Multer;
  namespace multer {
    function memoryStorage(): object;
  }
  export default multer;
}
declare module "busboy" {
  import type { IncomingHttpHeaders } from "node:http";
  import type { Writable } from "node:stream";
  export default function busboy(options: { headers: IncomingHttpHeaders }): Writable;
}
declare module "cookie-parser" {
  import type { RequestHandler } from "express";
  export default function cookieParser(secret?: string): RequestHandler;
}
declare module "csrf" {
  export default class Tokens {
    secretSync(): string;
    create(secret: string): string;
    verify(secret: string, token: string): boolean;
  }
}
declare module "method-override" {
  import type { RequestHandler } from "express";
  export default function methodOverride(header: string): RequestHandler;
}
declare module "vhost" {
  import type { RequestHandler } from "express";
  export default function vhost(host: string, handler: RequestHandler): RequestHandler;
}
declare module "response-time" {
  import type { RequestHandler } from "express";
  export default function responseTime(): RequestHandler;
}
declare module "serve-index" {
  import type { RequestHandler } from "express";
  export default function serveIndex(path: string, options?: object): RequestHandler;
}
declare module "koa-send" {
  import type { Context } from "koa";
  export default function send(ctx: Context, path: string, options?: object): Promise<string>;
}
declare module "koa-static" {
  import type { Middleware } from "koa";
  export default function serve(root: string, options?: object): Middleware;
}
declare module "koa-router" {
  import type { Middleware } from "koa";
  export default class Router {
    get(path: string, ...handlers: Middleware[]): this;
    post(path: string, ...handlers: Middleware[]): this;
    routes(): Middleware;
    allowedMethods(): Middleware;
  }
}
