/** The structural shapes of Koa fit the real ones: what a TypeScript user writes compiles. */
import { createServer } from "node:http";
import express from "express";
import express4 from "express4";
import Koa, { type Context, type Middleware } from "koa";
import mount from "koa-mount";
import { expectTypeOf, it } from "vitest";
import { fromWsgi as onExpress, toWsgi, type WsgiApp } from "../src/index.ts";
import { fromWsgi, type KoaContext, type KoaMiddleware, toWsgi as koaToWsgi } from "../src/koa.ts";

declare const app: WsgiApp;

it("is middleware of Koa, mounted or not", () => {
  new Koa().use(fromWsgi(app));
  new Koa().use(mount("/m", fromWsgi(app)));
  new Koa<{ user: string }, { extra: number }>().use(fromWsgi(app));
  expectTypeOf<KoaMiddleware>().toExtend<Middleware>();
});

it("Koa's own context is the one that it reads", () => {
  expectTypeOf<Context>().toExtend<KoaContext>();
});

it("Koa's middleware and that of Express are not taken for each other", () => {
  // @ts-expect-error Express calls middleware with three arguments
  express().use(fromWsgi(app));
  // @ts-expect-error Koa calls middleware with its context
  new Koa().use(onExpress(app));
});

it("is middleware of Express, mounted or not, and a listener of node:http", () => {
  express().use(onExpress(app));
  express().use("/m", onExpress(app));
  express4().use(onExpress(app));
  createServer(onExpress(app));
});

it("ENV-31: the option environ is given the framework's own request or context, where its type says so", () => {
  new Koa().use(fromWsgi(app, { environ: (ctx: Context) => ({ REMOTE_USER: ctx.state.user }) }));
  express().use(onExpress(app, { environ: (req: express.Request) => ({ REMOTE_USER: req.get("X-User") }) }));
});

it("Express and Koa apps, and handlers, are what toWsgi takes", () => {
  toWsgi(express());
  toWsgi(express4());
  toWsgi(new Koa().callback());
  toWsgi((_req, res) => res.end());
  koaToWsgi(new Koa());
  // @ts-expect-error a Koa app is no handler
  toWsgi(new Koa());
});
