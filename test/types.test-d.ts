/** The structural shapes fit the real ones: what a TypeScript user writes compiles. */
import { createServer, type RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import { expectTypeOf, it } from "vitest";
import { type Environ, fromWsgi, type WsgiApp, type WsgiMiddleware } from "../src/index.ts";
import { type PythonApp, pythonApp } from "../src/python.ts";

declare const app: WsgiApp;

it("is middleware of Express 5 and 4, and a listener of node:http", () => {
  express5().use("/m", fromWsgi(app));
  express4().use("/m", fromWsgi(app));
  express5.Router().all("/x", fromWsgi(app));
  createServer(fromWsgi(app));
  expectTypeOf<WsgiMiddleware>().toExtend<RequestListener>();
});

it("a Python app is a WSGI app", () => {
  expectTypeOf<PythonApp>().toExtend<WsgiApp>();
  expectTypeOf(pythonApp).returns.toExtend<WsgiApp>();
});

it("an app may be a function, an async function, a generator or an async generator", () => {
  fromWsgi((_environ, startResponse) => {
    startResponse("200 OK", [["A", "b"]]);
    return [new Uint8Array()];
  });
  fromWsgi(async () => [Buffer.from("x")]);
  fromWsgi(function* () {
    yield Buffer.from("x");
  });
  fromWsgi(async function* () {
    yield Buffer.from("x");
  });
  // @ts-expect-error a body is no string
  fromWsgi(() => "text");
});

it("a header of the environ is text or absent, a CGI key is text", () => {
  expectTypeOf<Environ["HTTP_ACCEPT"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Environ["PATH_INFO"]>().toEqualTypeOf<string>();
  expectTypeOf<Environ["my.extension"]>().toEqualTypeOf<unknown>();
});
