/** The structural types match those of Express and Node, so that the code of TypeScript users compiles. */
import { createServer, type RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import { expectTypeOf, it } from "vitest";
import { type Environ, fromWsgi, type WsgiApp, type WsgiMiddleware } from "../src/index.ts";
import { type PythonApp, pythonApp } from "../src/python.ts";

declare const app: WsgiApp;

it("fits Express 5 and 4 as middleware, and node:http as a listener", () => {
  express5().use("/m", fromWsgi(app));
  express4().use("/m", fromWsgi(app));
  express5.Router().all("/x", fromWsgi(app));
  createServer(fromWsgi(app));
  expectTypeOf<WsgiMiddleware>().toExtend<RequestListener>();
});

it("makes a Python app a WSGI app", () => {
  expectTypeOf<PythonApp>().toExtend<WsgiApp>();
  expectTypeOf(pythonApp).returns.toExtend<WsgiApp>();
});

it("accepts a function, an async function, a generator and an async generator as an app", () => {
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
  // @ts-expect-error a body is not a string
  fromWsgi(() => "text");
});

it("types a header of the environ as a string or undefined, and a CGI key as a string", () => {
  expectTypeOf<Environ["HTTP_ACCEPT"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Environ["PATH_INFO"]>().toEqualTypeOf<string>();
  expectTypeOf<Environ["my.extension"]>().toEqualTypeOf<unknown>();
});
