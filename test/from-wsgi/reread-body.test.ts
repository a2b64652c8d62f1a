/** Requests whose body was read by earlier middleware, or is read by a later handler. */
import { gzipSync } from "node:zlib";
import express5, { type RequestHandler } from "express";
import express4 from "express4";
import Koa3 from "koa";
import bodyParser from "koa-bodyparser";
import { afterEach, describe, expect, it } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { bytes } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { startPython } from "../support/python.ts";
import { listen, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const echo: WsgiApp = async (environ, startResponse) => {
  const body = await environ["wsgi.input"].read();
  startResponse("200 OK", [
    ["X-Length", environ.CONTENT_LENGTH ?? "none"],
    ["X-Coding", environ.HTTP_CONTENT_ENCODING ?? "none"],
  ]);
  return [body];
};
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("on %s: a body that an app has read to its end before it passes the request on", (_name, express) => {
  /** Responds after the end of the body, as an app in another process does. */
  const later: WsgiApp = async (environ, startResponse) => {
    await environ["wsgi.input"].read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    startResponse("404 Not Found", []);
    return [];
  };
  const pass = fromWsgi(later, { passOn: [404] });
  const listening: RequestHandler = (req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part)).on("end", () => void res.end(Buffer.concat(parts)));
  };
  const parsed: RequestHandler[] = [express.raw({ type: "*/*", limit: "2mb" }), (req, res) => void res.send(req.body)];

  it.each([
    ["a handler that listens for it", [listening]],
    ["a parser", parsed],
    ["a second WSGI app", [fromWsgi(echo)]],
    ["a handler behind two WSGI apps that pass the request on", [pass, listening]],
  ] as [string, RequestHandler[]][])("%s reads all of it", async (_what, handlers) => {
    server = await listen(express().use(pass, ...handlers));
    for (const size of [5, 100_000, 900_000]) {
      const body = Buffer.alloc(size, "0123456789");
      const answer = await fetch(server.url, { method: "POST", body, headers: { "Content-Type": "a/b" } });
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    }
  });
});

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("NODE-22 on %s: a body that a parser has read", (_name, express) => {
  const post = async (parser: RequestHandler, type: string, body: string | Uint8Array, coding?: string) => {
    server = await listen(express().use(parser).use(fromWsgi(echo)));
    const headers = { "Content-Type": type, ...(coding === undefined ? {} : { "Content-Encoding": coding }) };
    const answer = await fetch(server.url, { method: "POST", headers, body: Buffer.from(body) });
    return {
      text: await answer.text(),
      length: answer.headers.get("x-length"),
      coding: answer.headers.get("x-coding"),
    };
  };

  it.each([
    ["json", express.json(), JSON_TYPE, '{ "a": [1, "ü"] }', '{"a":[1,"ü"]}'],
    ["urlencoded, simple", express.urlencoded({ extended: false }), FORM_TYPE, "a=1&a=2&b=%C3%BC", "a=1&a=2&b=%C3%BC"],
    ["urlencoded, extended", express.urlencoded({ extended: true }), FORM_TYPE, "a[b]=1&c=+", "a[b]=1&c=+"],
    ["urlencoded, a list", express.urlencoded({ extended: true }), FORM_TYPE, "a[]=1&a[]=2", "a[]=1&a[]=2"],
    ["json, a string", express.json({ strict: false }), JSON_TYPE, '"a"', '"a"'],
    ["json, null", express.json({ strict: false }), JSON_TYPE, "null", "null"],
    ["text", express.text(), "text/plain", "ü", "ü"],
    ["raw", express.raw({ type: "*/*" }), "application/octet-stream", "\x00\x01", "\x00\x01"],
  ])("%s is serialized again, with its real length", async (_parser, parser, type, sent, expected) => {
    expect(await post(parser, type, sent)).toEqual({
      text: expected,
      length: `${Buffer.byteLength(expected)}`,
      coding: "none",
    });
  });

  it("NODE-23: a body that a parser decompressed has its decompressed length and no Content-Encoding", async () => {
    const answer = await post(express.json(), JSON_TYPE, gzipSync('{"a":1}'), "gzip");
    expect(answer).toEqual({ text: '{"a":1}', length: "7", coding: "none" });
  });

  it("a length that has changed is a warning, once a route", async () => {
    const logger = new MemoryLogger();
    server = await listen(express().use(express.json()).use(fromWsgi(echo, { logger })));
    const headers = { "Content-Type": JSON_TYPE };
    const send = async (path: string, body: string): Promise<unknown> =>
      (await fetch(server.url + path, { method: "POST", headers, body })).text();
    await send("/a", '{"a":1}');
    expect(logger.lines).toEqual([]);
    for (const path of ["/a?1", "/a?2", "/b"]) await send(path, '{ "a": 1 }');
    expect(logger.lines).toEqual([
      expect.stringMatching(/POST \/a\?1: .*serialized again to 7 bytes instead of 10; .*rawBody/),
      expect.stringMatching(/POST \/b: /),
    ]);
  });

  it("a charset that cannot be written again is UTF-8, and the app's Content-Type says so", async () => {
    const types: WsgiApp = (environ, startResponse) => {
      startResponse("200 OK", []);
      return [bytes(environ.CONTENT_TYPE ?? "")];
    };
    server = await listen(express().use(express.text()).use(fromWsgi(types)));
    const headers = { "Content-Type": "text/plain; charset=koi8-r" };
    const answer = await fetch(server.url, { method: "POST", headers, body: new Uint8Array([0xd6]) });
    expect(await answer.text()).toBe("text/plain; charset=utf-8");
  });

  it("rawBody, if it exists, is passed on byte for byte", async () => {
    const keep = express.json({
      verify: (req, _res, buffer) => {
        (req as unknown as { rawBody: Buffer }).rawBody = buffer;
      },
    });
    expect(await post(keep, JSON_TYPE, '{ "a" : 1 }')).toMatchObject({ text: '{ "a" : 1 }', length: "11" });
  });

  it("a body of which nothing is left is a clear 500, never an empty body", async () => {
    const errors: Error[] = [];
    const consume: RequestHandler = (req, _res, next) => void req.resume().on("end", () => next());
    const app = express().use(consume).use(fromWsgi(echo));
    app.use(((error, _req, res, _next) => {
      errors.push(error);
      res.status(error.status).end();
    }) as express5.ErrorRequestHandler);
    server = await listen(app);
    const answer = await fetch(server.url, {
      method: "POST",
      headers: { "Content-Type": "multipart/form-data" },
      body: "x",
    });
    expect(answer.status).toBe(500);
    expect(errors[0]).toMatchObject({ code: "ERR_WSGI_BODY_CONSUMED" });
  });

  it("reaches a Python app, too", async () => {
    const python = startPython("probe:application");
    server = await listen(express().use(express.json()).use(fromWsgi(python)));
    const answer = await fetch(`${server.url}/echo`, {
      method: "POST",
      headers: { "Content-Type": JSON_TYPE },
      body: '{"a": 1}',
    });
    expect([answer.headers.get("x-length"), await answer.text()]).toEqual(["7", '{"a":1}']);
  });
});

it("NODE-22 on Koa: koa-bodyparser keeps the text, which is passed on unchanged", async () => {
  const app = new Koa3().use(bodyParser()).use(koaFromWsgi(echo));
  server = await listen(app.callback());
  const answer = await fetch(server.url, {
    method: "POST",
    headers: { "Content-Type": JSON_TYPE },
    body: '{ "a": "ü" }',
  });
  expect([answer.headers.get("x-length"), await answer.text()]).toEqual(["13", '{ "a": "ü" }']);
});

const MIB = 1024 * 1024;
const missing =
  (size: number): WsgiApp =>
  async (environ, startResponse) => {
    if (size > 0) await environ["wsgi.input"].read(size);
    startResponse("404 Not Found", [["Set-Cookie", "no=1"]]);
    return [bytes("none")];
  };
const HANDED_ON: [name: string, serve: (app: WsgiApp) => Promise<TestServer>][] = [
  [
    "Express 5",
    (app) =>
      listen(express5().use(fromWsgi(app, { passOn: [404] }), express5.json(), (req, res) => void res.json(req.body))),
  ],
  [
    "Express 4",
    (app) =>
      listen(express4().use(fromWsgi(app, { passOn: [404] }), express4.json(), (req, res) => void res.json(req.body))),
  ],
  [
    "Koa 3",
    (app) => {
      const koa = new Koa3().use(koaFromWsgi(app, { passOn: [404] })).use(bodyParser());
      koa.use((ctx) => {
        ctx.body = (ctx.request as unknown as { body: object }).body;
      });
      return listen(koa.callback());
    },
  ],
];

describe.each(HANDED_ON)("passOn on %s", (_name, serve) => {
  const post = (body: string | ReadableStream, headers: Record<string, string> = {}) =>
    fetch(server.url, {
      method: "POST",
      headers: { "Content-Type": JSON_TYPE, ...headers },
      body,
      duplex: "half",
    } as RequestInit);

  it.each([
    ["nothing", 0],
    ["a part", 3],
    ["all", Number.POSITIVE_INFINITY],
  ])("the next handler reads the whole body after the app has read %s of it", async (_part, size) => {
    server = await serve(missing(size));
    const sized = await post('{"a":1}');
    expect(sized.headers.get("set-cookie")).toBeNull();
    expect(await sized.json()).toEqual({ a: 1 });
    const chunked = await post(new Blob(['{"a":', "2}"]).stream());
    expect(await chunked.json()).toEqual({ a: 2 });
  });

  it("the response of an app that has read more than 1 MiB is sent", async () => {
    server = await serve(missing(Number.POSITIVE_INFINITY));
    const answer = await post(`"${"x".repeat(2 * MIB)}"`);
    expect([answer.status, await answer.text()]).toEqual([404, "none"]);
  });
});

it("passOn without a next handler: the app's response is sent", async () => {
  server = await listen(fromWsgi(missing(0), { passOn: [404], logger: new MemoryLogger() }));
  expect(await (await fetch(server.url)).text()).toBe("none");
});
