/** The structural types match those of Koa, so that the code of TypeScript users compiles. */
import { createServer } from "node:http";
import express from "express";
import express4 from "express4";
import Koa, { type Context, type Middleware } from "koa";
import mount from "koa-mount";
import { expectTypeOf, it } from "vitest";
import { fromWsgi as onExpress, toWsgi, type WsgiApp } from "../src/index.ts";
import { fromWsgi, type KoaContext, type KoaMiddleware, toWsgi as koaToWsgi } from "../src/koa.ts";

declare const app: WsgiApp;

it("fits Koa as middleware, mounted or not", () => {
  new Koa().use(fromWsgi(app));
  new Koa().use(mount("/m", fromWsgi(app)));
  new Koa<{ user: string }, { extra: number }>().use(fromWsgi(app));
  expectTypeOf<KoaMiddleware>().toExtend<Middleware>();
});

it("accepts Koa's context", () => {
  expectTypeOf<Context>().toExtend<KoaContext>();
});

it("does not let Koa middleware be used in Express, or the reverse", () => {
  // @ts-expect-error Express calls middleware with three arguments
  express().use(fromWsgi(app));
  // @ts-expect-error Koa calls middleware with its context
  new Koa().use(onExpress(app));
});

it("fits Express as middleware, mounted or not, and node:http as a listener", () => {
  express().use(onExpress(app));
  express().use("/m", onExpress(app));
  express4().use(onExpress(app));
  createServer(onExpress(app));
});

it("ENV-31: passes the framework's request or context to the option environ, if the parameter has its type", () => {
  new Koa().use(fromWsgi(app, { environ: (ctx: Context) => ({ REMOTE_USER: ctx.state.user }) }));
  express().use(onExpress(app, { environ: (req: express.Request) => ({ REMOTE_USER: req.get("X-User") }) }));
});

it("lets toWsgi take Express apps, Koa apps and handlers", () => {
  toWsgi(express());
  toWsgi(express4());
  toWsgi(new Koa().callback());
  toWsgi((_req, res) => res.end());
  koaToWsgi(new Koa());
  // @ts-expect-error a Koa app is not a handler
  toWsgi(new Koa());
});
