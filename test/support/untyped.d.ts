/** Types for modules that have none, as far as the tests use them. */

declare module "koa2" {
  export { default } from "koa";
}

declare module "koa-mount" {
  import type Koa from "koa";
  export default function mount(prefix: string, app: Koa | Koa.Middleware | object): Koa.Middleware;
}

declare module "koa-conditional-get" {
  import type Koa from "koa";
  export default function conditional(): Koa.Middleware;
}

declare module "koa-bodyparser" {
  import type Koa from "koa";
  export default function bodyParser(): Koa.Middleware;
}

declare module "koa-response-time" {
  import type Koa from "koa";
  export default function responseTime(options?: { hrtime: boolean }): Koa.Middleware;
}

declare module "compression" {
  import type { RequestHandler } from "express";
  export default function compression(options?: object): RequestHandler;
}

declare module "cookie-session" {
  import type { RequestHandler } from "express";
  export default function cookieSession(options: object): RequestHandler;
}

declare module "cors" {
  import type { RequestHandler } from "express";
  export default function cors(options?: object): RequestHandler;
}

declare module "express-session" {
  import type { RequestHandler } from "express";
  export default function session(options: object): RequestHandler;
}

declare module "passport" {
  import type { RequestHandler } from "express";

  type Done = (error: unknown, value: unknown) => void;
  class Passport {
    serializeUser(serialize: (user: unknown, done: Done) => void): void;
    initialize(): RequestHandler;
    session(): RequestHandler;
  }
  const passport: { Passport: typeof Passport };
  export default passport;
}
