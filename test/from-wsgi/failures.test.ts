/** How an app's failure is reported to its host: once, with the response still readable (EXC-07, REF-05). */
import express5, { type ErrorRequestHandler } from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import morgan from "morgan";
import { afterEach, describe, expect, it } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { bytes, signal } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, listen, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const BAD = new Error("the app failed");
const throwBad = (): never => {
  throw BAD;
};
/** Every way to fail before the head is sent. */
const EARLY: [how: string, app: WsgiApp][] = [
  ["throws", throwBad],
  ["rejects", () => Promise.reject(BAD)],
  [
    "rejects after startResponse",
    async (_environ, startResponse) => {
      startResponse("200 OK", []);
      return throwBad();
    },
  ],
  [
    "throws for the first block",
    function* (_environ, startResponse) {
      startResponse("200 OK", []);
      yield bytes("");
      throwBad();
    } as WsgiApp,
  ],
  [
    "rejects for the first block",
    async function* (_environ, startResponse) {
      startResponse("200 OK", []);
      yield bytes("");
      throwBad();
    } as WsgiApp,
  ],
  ["never calls startResponse", () => []],
];

/** Fails on demand, long after the first block was sent. */
const failsLate = (when: Promise<void>): WsgiApp =>
  async function* (_environ, startResponse) {
    startResponse("201 Begun", [["Content-Length", "100"]]);
    yield bytes("begun");
    await when;
    throwBad();
  } as WsgiApp;

async function breakOff(port: number, fail: () => void): Promise<void> {
  const socket = await rawConnection(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await brought(socket, "begun");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  fail();
  await closed;
}

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("on %s", (_name, express) => {
  it.each(EARLY)(
    "EXC-07: if an app %s, next() is called once with the error, and the error handler responds",
    async (how, app) => {
      const errors: unknown[] = [];
      const answer: ErrorRequestHandler = (error, _req, res, _next) => {
        errors.push(error);
        res.status(503).end("later");
      };
      server = await listen(express().use(fromWsgi(app)).use(answer));
      const { head, body } = await rawGet(server.port, "/");
      expect(head).toMatch(/^HTTP\/1\.1 503 /);
      expect(body).toBe("later");
      const unstarted = expect.objectContaining({ code: "ERR_WSGI_APP_PROTOCOL" });
      expect(errors).toEqual([how === "never calls startResponse" ? unstarted : BAD]);
    },
  );

  it("EXC-07: an error after the head is not passed to next()", async () => {
    const errors: unknown[] = [];
    const hear: ErrorRequestHandler = (error, _req, _res, next) => {
      errors.push(error);
      next(error);
    };
    const told = signal();
    const logger = new MemoryLogger();
    server = await listen(
      express()
        .use(fromWsgi(failsLate(told.promise), { logger }))
        .use(hear),
    );
    await breakOff(server.port, () => told.fire());
    expect(await logger.said("the app failed")).toContain("GET /");
    expect(errors).toEqual([]);
  });

  it("REF-05: an access log shows the status and the bytes of an aborted response", async () => {
    const line = signal<string>();
    const told = signal();
    morgan.token("sent", (req) => String(req.socket.bytesWritten > "begun".length));
    const log = morgan(":status :res[content-length] :sent", { stream: { write: (text: string) => line.fire(text) } });
    const app = fromWsgi(failsLate(told.promise), { logger: new MemoryLogger() });
    server = await listen(express().use(log, app));
    await breakOff(server.port, () => told.fire());
    expect(await line.promise).toBe("201 100 true\n");
  });

  it("REF-05: an access log shows the 500 of an app that failed before its head", async () => {
    const line = signal<string>();
    const log = morgan(":status", { stream: { write: (text: string) => line.fire(text) } });
    server = await listen(express().set("env", "test").use(log, fromWsgi(throwBad)));
    await rawGet(server.port, "/");
    expect(await line.promise).toBe("500\n");
  });
});

it.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2],
])("REF-05: on %s, the context of an aborted response still has its status and headers", async (_name, Koa) => {
  const seen = signal<unknown[]>();
  const told = signal();
  const host = new Koa();
  host.silent = true;
  host.use((ctx, next) => {
    ctx.res.once("close", () => seen.fire([ctx.status, ctx.message, ctx.length, ctx.headerSent]));
    return next();
  });
  host.use(koaFromWsgi(failsLate(told.promise), { logger: new MemoryLogger() }));
  server = await listen(host.callback());
  await breakOff(server.port, () => told.fire());
  expect(await seen.promise).toEqual([201, "Begun", 100, true]);
});
