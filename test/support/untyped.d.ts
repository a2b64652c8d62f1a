/** The shapes of modules that bring no types, as far as the tests use them. */

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
