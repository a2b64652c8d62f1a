/** Every host that `fromWsgi` serves, so that one table of cases runs on all of them. */
import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { listen, type TestServer } from "./server.ts";

export interface Host {
  readonly name: string;
  /** True: errors before the head are answered by the framework. */
  readonly framework: boolean;
  serve(app: WsgiApp, options?: FromWsgiOptions): Promise<TestServer>;
}

export const HOSTS: readonly Host[] = [
  {
    name: "Express 5",
    framework: true,
    serve: (app, options) => listen(quiet(express5()).use(fromWsgi(app, options)) as unknown as RequestListener),
  },
  {
    name: "Express 4",
    framework: true,
    serve: (app, options) => listen(quiet(express4()).use(fromWsgi(app, options)) as unknown as RequestListener),
  },
  { name: "Koa 3", framework: true, serve: (app, options) => listen(koa(new Koa3(), app, options)) },
  { name: "Koa 2", framework: true, serve: (app, options) => listen(koa(new Koa2(), app, options)) },
  { name: "node:http", framework: false, serve: (app, options) => listen(fromWsgi(app, options)) },
];

/** In its environment "test", Express does not write errors to the console of the test run. */
function quiet<App extends { set(name: string, value: string): unknown }>(app: App): App {
  app.set("env", "test");
  return app;
}

/** `silent` keeps Koa's errors from the console of the test run. */
function koa(app: Koa3, wsgiApp: WsgiApp, options: FromWsgiOptions | undefined): RequestListener {
  app.silent = true;
  app.use(koaFromWsgi(wsgiApp, options as never)); // the callback of `environ` is given Koa's context
  return app.callback();
}
