/** ISO-06: pipelined requests run one at a time, in order; requests that wait when the connection closes never start. */
import { connect } from "node:net";
import express5, { type RequestHandler } from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { signal } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { startPython } from "../support/python.ts";
import { listen, raw, rawConnection, rawGet } from "../support/server.ts";

const request = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: test\r\n${more}\r\n`;
const LAST = "Connection: close\r\n";

describe.each(HOSTS)("$name", ({ serve }) => {
  const host = async (app: WsgiApp, logger = new MemoryLogger()) => {
    const server = await serve(app, { logger });
    onTestFinished(() => server.close());
    return server;
  };

  it("a request starts when the responses to all earlier requests have been sent", async () => {
    let running = 0;
    let most = 0;
    const started: string[] = [];
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      startResponse("200 OK", [["Content-Length", String(environ.PATH_INFO.length)]]);
      return [Buffer.from(environ.PATH_INFO)];
    });
    const paths = Array.from({ length: 300 }, (_, number) => `/${number}`);
    const { text } = await raw(port, paths.map((path, i) => request(path, i === 299 ? LAST : "")).join(""));
    expect(started).toEqual(paths);
    expect(most).toBe(1);
    expect([...text.matchAll(/\r\n\r\n(\/\d+)/g)].map(([, path]) => path)).toEqual(paths);
  });

  it("a pipelined body belongs to its own request", async () => {
    const { port } = await host(async (environ, startResponse) => {
      const body = await environ["wsgi.input"].read();
      startResponse("200 OK", [["Content-Length", String(body.length)]]);
      return [body];
    });
    const post = (body: string, more = ""): string =>
      `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
    const { text } = await raw(port, post("first") + post("x".repeat(40_000)) + post("third", LAST));
    const bodies = text.split(/HTTP\/1\.1 200 OK[\s\S]*?\r\n\r\n/).slice(1);
    expect(bodies).toEqual(["first", "x".repeat(40_000), "third"]);
  });

  it("waiting requests never start once the client has disconnected", async () => {
    const started: string[] = [];
    const begun = signal();
    const over = signal();
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      if (environ.PATH_INFO !== "/first") {
        startResponse("200 OK", []);
        return [];
      }
      begun.fire();
      startResponse("200 OK", []);
      return {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from("begun");
          await over.promise;
        },
        close: () => over.fire(),
      };
    });
    const socket = await rawConnection(port, request("/first") + request("/second").repeat(200));
    await begun.promise;
    socket.destroy();
    await over.promise;
    await rawGet(port, "/other");
    expect(started).toEqual(["/first", "/other"]);
  });

  it.each([
    [2_000, 0, "", undefined],
    [
      20_000,
      0,
      "; above 4,096 the connection is closed",
      /: the client pipelined too many requests \(4097 are waiting\)/,
    ],
    [
      200,
      15_000,
      "; above 2 MiB the connection is closed",
      /: the client pipelined too many requests \(1[34]\d are waiting\)/,
    ],
  ])("this holds for %i waiting requests, each with %i bytes of headers%s", async (count, size, _, ended) => {
    let calls = 0;
    const begun = signal();
    const left = signal();
    const logger = new MemoryLogger();
    const { port } = await host((_environ, startResponse) => {
      calls += 1;
      begun.fire();
      startResponse("200 OK", []);
      return Object.assign(
        (async function* () {
          yield Buffer.from("begun");
          await left.promise;
        })(),
        { close: () => left.fire() },
      );
    }, logger);
    const socket = await rawConnection(port, request("/first"));
    await begun.promise;
    socket.write(request("/behind", size === 0 ? "" : `X-Long: ${"x".repeat(size)}\r\n`).repeat(count));
    if (ended === undefined) setTimeout(() => socket.destroy(), 50);
    await left.promise;
    await new Promise(setImmediate);
    expect(calls).toBe(1);
    const said = logger.lines.filter((line) => line.includes("pipelined too many requests"));
    expect(said).toEqual(ended === undefined ? [] : [expect.stringMatching(ended)]);
  });

  it("a request before a refused one gets its response, however late it starts", async () => {
    const { port } = await host(async (environ, startResponse) => {
      if (environ.PATH_INFO === "/first") await new Promise((resolve) => setTimeout(resolve, 50));
      startResponse("200 OK", [["Content-Length", "5"]]);
      return [Buffer.from("first")];
    });
    const { text } = await raw(port, request("/first") + request("/%00") + request("/third"));
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "400"]);
  });

  it("requests behind a response that closes the connection never start", async () => {
    const started: string[] = [];
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      startResponse("200 OK", [["Content-Length", "2"]]);
      return [Buffer.from("ok")];
    });
    const { text } = await raw(port, request("/first", LAST) + request("/second").repeat(3));
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await rawGet(port, "/other");
    expect(started).toEqual(["/first", "/other"]);
  });

  it("2,000 pipelined requests use one thread and no queue slot at a time, and nothing once their client has disconnected", async () => {
    const app = startPython("children:application", { threads: 1 });
    const { port } = await host(app);
    await app.ready();
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(request("/token?a") + request("/token?b").repeat(2000));
    await new Promise((resolve) => socket.once("data", resolve));
    const others = await Promise.all(["c", "d", "e"].map((token) => rawGet(port, `/token?${token}`)));
    expect(others.map(({ body }) => body)).toEqual(['"c"', '"d"', '"e"']); // they do not wait behind 2,000 requests
    expect(app.stats().queue.length).toBeLessThan(2);
    socket.destroy();
    await expect.poll(() => app.stats().processes[0]?.inFlight).toBe(0);
    expect((await rawGet(port, "/token?f")).body).toBe('"f"');
  });
});

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("%s", (_name, express) => {
  it("a request that other middleware delays gets its response before a refused request behind it", async () => {
    const slow: RequestHandler = (req, _res, next) => void setTimeout(next, req.url === "/first" ? 50 : 0);
    const app: WsgiApp = (environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", String(environ.PATH_INFO.length)]]);
      return [Buffer.from(environ.PATH_INFO)];
    };
    const server = await listen(
      express()
        .use(slow)
        .use(fromWsgi(app, { logger: new MemoryLogger() })),
    );
    onTestFinished(() => server.close());
    const { text } = await raw(server.port, request("/first") + request("/%00"));
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "400"]);
  });
});

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("%s", (_name, Koa) => {
  it("upstream middleware continues if the client disconnects before the app gets its request", async () => {
    const taken = signal();
    const left = signal();
    const released = signal();
    const site = new Koa();
    site.use(async (ctx, next) => {
      ctx.res.once("close", () => left.fire());
      taken.fire();
      try {
        await left.promise;
        await next();
      } finally {
        released.fire();
      }
    });
    site.use(koaFromWsgi(() => [], { logger: new MemoryLogger() }));
    const server = await listen(site.callback());
    onTestFinished(() => server.close());
    const socket = await rawConnection(server.port, request("/"));
    await taken.promise;
    socket.destroy();
    await released.promise;
  });
});
