/** `passOn`: the next handler reads the whole body, whatever read it before, however it was sent, on every host. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import bodyParser from "koa-bodyparser";
import Koa2 from "koa2";
import multer from "multer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { APPS } from "../support/python.ts";

type Handler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => unknown;

/** Mounts `app` with `passOn`, and the handlers after it. */
type Mount = (app: WsgiApp, handlers: Handler[]) => (req: IncomingMessage, res: ServerResponse) => void;

const options = { directory: APPS, python: ensurePython(), logger: new MemoryLogger() };
const python = pythonApp("pass_on:application", options);
const echo = pythonApp("pass_on:echo", options);
afterAll(() => Promise.all([python.close(), echo.close()]));

const inTurn =
  (handlers: Handler[], done: (error?: unknown) => void): Handler =>
  (req, res) => {
    const [first, ...rest] = handlers;
    if (first === undefined) done();
    else first(req, res, (error) => (error === undefined ? inTurn(rest, done)(req, res, done) : done(error)));
  };

const plain: Mount = (app, handlers) => (req, res) =>
  void inTurn([fromWsgi(app, { passOn: [404] }), ...handlers], (error) => {
    res.statusCode = 500;
    res.end(String(error));
  })(req, res, () => undefined);

const onExpress =
  (create: typeof express5): Mount =>
  (app, handlers) => {
    const site = create();
    site.set("env", "test");
    return site.use(fromWsgi(app, { passOn: [404] }), ...handlers) as never;
  };

const onKoa =
  (Koa: typeof Koa3): Mount =>
  (app, handlers) => {
    const site = new Koa().use(koaFromWsgi(app, { passOn: [404] }));
    site.use(
      (ctx) =>
        new Promise<void>((resolve, reject) => {
          ctx.respond = false;
          ctx.res.statusCode = 200;
          ctx.res.on("finish", resolve);
          inTurn(handlers, reject)(ctx.req, ctx.res, reject);
        }),
    );
    site.on("error", () => undefined);
    return site.callback();
  };

const MOUNTS: [name: string, mount: Mount, http2?: "HTTP/2"][] = [
  ["Express 5", onExpress(express5)],
  ["Express 4", onExpress(express4 as unknown as typeof express5)],
  ["Koa 3", onKoa(Koa3)],
  ["Koa 2", onKoa(Koa2 as unknown as typeof Koa3)],
  ["node:http with next", plain],
  ["HTTP/2 with next", plain, "HTTP/2"],
  ["HTTP/2 with Koa 3", onKoa(Koa3), "HTTP/2"],
];

const sendBody: Handler = (req, res) => {
  const { body } = req as unknown as { body: unknown };
  res.end(Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null));
};
const parse = (parser: unknown): Handler[] => [parser as Handler, sendBody];

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data; boundary=b";
const multipart = (value: string) => `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--b--\r\n`;
const LONG = "0123456789".repeat(20_000);

/** Each reader's handlers, with bodies that it reads and the answers that it then gives. */
const READERS: [name: string, handlers: Handler[], type: string, rows: [sent: string, answer: string][]][] = [
  [
    "express.json()",
    parse(express5.json({ limit: "1mb" })),
    "application/json",
    [
      ['{"a":"ü"}', '{"a":"ü"}'],
      [`["${LONG}"]`, `["${LONG}"]`],
    ],
  ],
  ["Express 4's json()", parse(express4.json({ limit: "1mb" })), "application/json", [['{"a":"ü"}', '{"a":"ü"}']]],
  ["urlencoded()", parse(express5.urlencoded({ extended: true })), FORM, [["a=1&b=2", '{"a":"1","b":"2"}']]],
  [
    "raw()",
    parse(express5.raw({ type: "*/*", limit: "1mb" })),
    "a/b",
    [
      ["abc", "abc"],
      [LONG, LONG],
    ],
  ],
  [
    "multer",
    parse((multer({ limits: { fieldSize: 1e6 } }) as unknown as { none(): Handler }).none()),
    MULTIPART,
    [
      [multipart("1"), '{"a":"1"}'],
      [multipart(LONG), `{"a":"${LONG}"}`],
    ],
  ],
  [
    "pipe()",
    [(req, res) => void req.pipe(res)],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
      [LONG, LONG],
    ],
  ],
  [
    "for await",
    [async (req, res) => void res.end(await buffer(req))],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
      [LONG, LONG],
    ],
  ],
  [
    "readable and read()",
    [readable],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
      [LONG, LONG],
    ],
  ],
  [
    "on data and end, a moment later",
    [(req, res) => void setImmediate(() => onData(req, res))],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
    ],
  ],
  [
    "a pythonApp",
    [fromWsgi(echo)],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
      [LONG, LONG],
    ],
  ],
  [
    "a second pythonApp that passes on, then pipe()",
    [fromWsgi(python, { passOn: [404] }), (req, res) => void req.pipe(res)],
    "a/b",
    [
      ["abc", "abc"],
      ["", ""],
      [LONG, LONG],
    ],
  ],
];

function readable(req: IncomingMessage, res: ServerResponse): void {
  const parts: Buffer[] = [];
  req.on("readable", () => {
    for (let part = req.read(); part !== null; part = req.read()) parts.push(part);
  });
  req.on("end", () => void res.end(Buffer.concat(parts)));
}

function onData(req: IncomingMessage, res: ServerResponse): void {
  const parts: Buffer[] = [];
  req.on("data", (part: Buffer) => parts.push(part)).on("end", () => void res.end(Buffer.concat(parts)));
}

/** The app answers without reading, or in the middle of the upload. */
let answered: () => void = () => undefined;
const reading =
  (size: number): WsgiApp =>
  async (environ, startResponse) => {
    if (size > 0) await environ["wsgi.input"].read(size);
    answered();
    startResponse("404 Not Found", []);
    return [];
  };
/** Reads all, and answers after each event of the upload's end had its time. */
const late: WsgiApp = async (environ, startResponse) => {
  await environ["wsgi.input"].read();
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  startResponse("404 Not Found", []);
  return [];
};

type Sent = { type: string; body: string; framing: string; until?: Promise<void> };

/** Sends the second half of the body when `until` resolves. */
async function post(port: number, { type, body, framing, until }: Sent): Promise<[number, string]> {
  const bytes = Buffer.from(body);
  const length = framing === "chunked" ? {} : { "content-length": bytes.length };
  const coding = framing === "chunked" ? { "transfer-encoding": "chunked" } : {};
  const req = request({ port, agent: false, method: "POST", headers: { "content-type": type, ...length, ...coding } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => req.on("response", resolve).on("error", reject));
  req.flushHeaders();
  req.write(bytes.subarray(0, bytes.length >> 1));
  await until;
  req.end(bytes.subarray(bytes.length >> 1));
  const res = await answer;
  return [res.statusCode ?? 0, (await buffer(res)).toString()];
}

async function post2(port: number, { type, body, framing, until }: Sent): Promise<[number, string]> {
  const bytes = Buffer.from(body);
  const client = connect(`http://127.0.0.1:${port}`);
  const length = framing === "chunked" ? {} : { "content-length": bytes.length };
  const stream = client.request({ ":method": "POST", "content-type": type, ...length });
  const status = new Promise<number>((resolve, reject) =>
    stream.on("response", (head) => resolve(head[":status"] ?? 0)).on("error", reject),
  );
  stream.write(bytes.subarray(0, bytes.length >> 1));
  await until;
  stream.end(bytes.subarray(bytes.length >> 1));
  const text = (await buffer(stream)).toString();
  client.close();
  return [await status, text];
}

describe.each(MOUNTS)("passOn on %s", (_name, mount, http2) => {
  let listener: (req: IncomingMessage, res: ServerResponse) => void;
  const handle = (req: IncomingMessage, res: ServerResponse) => listener(req, res);
  const server = http2 ? createHttp2Server(handle as never) : createServer(handle);
  let port = 0;
  const send = (sent: Sent) => (http2 ? post2(port, sent) : post(port, sent));
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  describe.each(READERS)("%s reads the whole body", (_reader, handlers, type, rows) => {
    const isParser = handlers.includes(sendBody);
    // The parsers look for a Content-Length or Transfer-Encoding, so on HTTP/2 they read no body without a length.
    const framings = http2 && isParser ? ["Content-Length"] : ["Content-Length", "chunked"];
    it.each([
      ["a Python app", python],
      ["a JavaScript app that has read all", late],
    ])("after %s, with a length and chunked", async (_app, app) => {
      listener = mount(app, handlers);
      for (const framing of framings) {
        for (const [body, answer] of rows)
          expect([framing, ...(await send({ type, body, framing }))]).toEqual([framing, 200, answer]);
      }
    });

    it.each([
      ["read nothing", 0],
      ["read a part", 1],
    ])("after a JavaScript app that has %s, in the middle of the upload", async (_what, size) => {
      for (const [body, answer] of rows.filter(([sent]) => sent !== "")) {
        const until = new Promise<void>((resolve) => {
          answered = resolve;
        });
        listener = mount(reading(size), handlers);
        expect(await send({ type, body, framing: framings.at(-1) ?? "", until })).toEqual([200, answer]);
      }
    });

    if (!isParser) return;
    it("after a Python app, an empty body as without it", async () => {
      const unread: WsgiApp = (_environ, startResponse) => {
        startResponse("404 Not Found", []);
        return [];
      };
      const without: Mount = (_app, next) => mount(unread, next);
      const answers: unknown[] = [];
      for (const chosen of [mount, without]) {
        for (const framing of ["Content-Length", "chunked"]) {
          listener = chosen(python, handlers);
          answers.push(await send({ type, body: "", framing }));
        }
      }
      expect(answers.slice(0, 2)).toEqual(answers.slice(2));
    });
  });

  it("beyond the bound the Python app's own answer is sent", async () => {
    listener = mount(python, [(req, res) => void req.pipe(res)]);
    const body = "x".repeat(2 * 1024 * 1024);
    for (const framing of ["Content-Length", "chunked"])
      expect(await send({ type: "a/b", body, framing })).toEqual([404, "none"]);
  });
});

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("passOn on %s", (_name, Koa) => {
  it("koa-bodyparser reads the whole body after a Python app", async () => {
    const site = new Koa().use(koaFromWsgi(python, { passOn: [404] })).use(bodyParser());
    site.use((ctx) => {
      ctx.body = (ctx.request as unknown as { body: object }).body;
    });
    const server = createServer(site.callback());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    for (const framing of ["Content-Length", "chunked"]) {
      expect(await post(port, { type: "application/json", body: '{"a":1}', framing })).toEqual([200, '{"a":1}']);
      expect(await post(port, { type: FORM, body: "", framing })).toEqual([200, "{}"]);
    }
    server.close();
  });
});
