/** Every host that `fromWsgi` serves, so that one table of cases runs on all of them. */
import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
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
  { name: "node:http", framework: false, serve: (app, options) => listen(fromWsgi(app, options)) },
];

/** In its environment "test", Express does not write errors to the console of the test run. */
function quiet<App extends { set(name: string, value: string): unknown }>(app: App): App {
  app.set("env", "test");
  return app;
}
