/** `fromWsgi(validator(app))` on real servers: the bridge is a good gateway, and its clients do not notice the validator. */
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Environ, StartResponse, WsgiApp } from "../../../src/index.ts";
import { type ValidationWarning, validator } from "../../../src/validator.ts";
import { bytes, signal } from "../../support/bytes.ts";
import { HOSTS } from "../../support/hosts.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { brought, raw, rawConnection, type TestServer } from "../../support/server.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const TYPE: [string, string] = ["Content-Type", "text/plain"];
type Input = Environ["wsgi.input"];
const upload = (read: (input: Input) => Promise<Uint8Array[]>): WsgiApp => {
  return async (environ, startResponse) => {
    const parts = await read(environ["wsgi.input"]);
    startResponse("200 OK", [TYPE]);
    return parts;
  };
};
async function blocks(input: Input): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (let part = await input.read(7); part.length > 0; part = await input.read(7)) parts.push(part);
  return parts;
}
async function lines(input: Input): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (let part = await input.readline(); part.length > 0; part = await input.readline()) parts.push(part);
  return parts;
}
async function iterated(input: Input): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of input) parts.push(part);
  return parts;
}
const only = (status: string, headers: [string, string][], result: Uint8Array[] = []): WsgiApp => {
  return (_environ, startResponse) => {
    startResponse(status, headers);
    return result;
  };
};
const BODY = "first line\nsecond\n\nlast, without an end \xff\0";
const POST = `POST /p%20a/b?q=%20 HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const CHUNKED = `POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const get = (method: string): string => `${method} / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`;

/** Without a stack: frameworks show it, and it contains the validator. */
const BEFORE = Object.assign(new Error("before"), { stack: "Error: before" });

/** Apps whose response is the same with a validator, except for a Content-Length derived from an array's length. */
const CASES: [title: string, request: string, app: WsgiApp][] = [
  ["two blocks", get("GET"), only("200 OK", [TYPE], [bytes("a"), bytes("b")])],
  ["a declared length", get("GET"), only("200 OK", [TYPE, ["Content-Length", "2"]], [bytes("ab")])],
  [
    "cookies",
    get("GET"),
    only("200 OK", [TYPE, ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"], ["Content-Length", "0"]]),
  ],
  ["HEAD", get("HEAD"), only("200 OK", [TYPE, ["Content-Length", "12345"]])],
  ["204", get("GET"), only("204 No Content", [])],
  [
    "304",
    get("GET"),
    only("304 Not Modified", [
      ["ETag", '"a"'],
      ["Content-Length", "9"],
    ]),
  ],
  ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", only("204 No Content", [])],
  ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", only("200 OK", [TYPE], [bytes("a"), bytes("b")])],
  ["read()", POST, upload(async (input) => [bytes("read "), await input.read()])],
  ["read(7)", POST, upload(blocks)],
  ["readline()", POST, upload(lines)],
  ["readlines()", POST, upload(async (input) => [bytes("lines "), ...(await input.readlines())])],
  ["the lines of wsgi.input", POST, upload(iterated)],
  [
    "lines and the rest",
    POST,
    upload(async (input) => [await input.readline(5), ...(await input.readlines(1)), await input.read()]),
  ],
  ["read() of a chunked body", CHUNKED, upload(async (input) => [bytes("read "), await input.read()])],
  ["readline() of a chunked body", CHUNKED, upload(lines)],
  [
    "reading where there is no body",
    get("GET"),
    upload(async (input) => [bytes("none "), await input.read(1), ...(await lines(input))]),
  ],
  ["a body that is left unread", POST, only("200 OK", [TYPE], [bytes("a"), bytes("b")])],
  [
    "write(), then blocks",
    get("GET"),
    async (_environ, startResponse) => {
      const write = startResponse("200 OK", [TYPE]);
      await write(bytes("a"));
      await write(bytes("b"));
      return [bytes("c")];
    },
  ],
  [
    "an async generator",
    get("GET"),
    async function* (_environ: Environ, startResponse: StartResponse) {
      startResponse("200 OK", [TYPE]);
      yield bytes("a");
      yield bytes("");
      yield bytes("b");
    },
  ],
  [
    "a head that excInfo replaces",
    get("GET"),
    function* (_environ: Environ, startResponse: StartResponse) {
      startResponse("200 OK", [TYPE, ["X-Old", "1"]]);
      yield bytes("");
      startResponse("503 Busy", [TYPE], new Error("busy"));
      yield bytes("busy");
    },
  ],
  [
    "a file",
    get("GET"),
    (environ, startResponse) => {
      startResponse("200 OK", [TYPE]);
      const rest = [bytes("a"), bytes("b"), bytes("")];
      return environ["wsgi.file_wrapper"]({ read: () => rest.shift() as Uint8Array, close: () => undefined });
    },
  ],
  ["an error before the head", get("GET"), () => Promise.reject(BEFORE)],
];

describe.each(HOSTS)("validator on $name", (host) => {
  /** What a client gets and what the log says, without the parts that differ between any two responses. */
  const answer = async (app: WsgiApp, request: string): Promise<unknown> => {
    const logger = new MemoryLogger();
    const server = await host.serve(app, { logger });
    servers.push(server);
    const { text, reset } = await raw(server.port, request);
    const lines = logger.lines.map((line) => line.replace(/^\[\d+\] /, "").split("\n", 1)[0]);
    return { text: text.replace(/\r\nDate: [^\r]+/, ""), reset, lines };
  };

  it.each(CASES)("changes nothing and finds nothing: %s", async (_title, request, app) => {
    const warnings: ValidationWarning[] = [];
    const checked = await answer(validator(app, { warn: (warning) => warnings.push(warning) }), request);
    expect(warnings).toEqual([]);
    expect(checked).toEqual(await answer(app, request));
    expect(checked).not.toMatchObject({ text: "" });
  });

  it("VAL-31: an array of one block is sent without a Content-Length from the bridge", async () => {
    const app = only("200 OK", [TYPE], [bytes("hello")]);
    expect(await answer(app, get("GET"))).toMatchObject({ text: expect.stringContaining("Content-Length: 5") });
    const { text } = (await answer(validator(app), get("GET"))) as { text: string };
    expect(text).not.toContain("Content-Length");
    expect(text).toContain("\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  });

  it("ITER-02: a block is sent before the next one is requested", async () => {
    const received = signal();
    const streaming = async function* (_environ: Environ, startResponse: StartResponse): AsyncGenerator<Uint8Array> {
      startResponse("200 OK", [TYPE]);
      yield bytes("first");
      await received.promise;
      yield bytes("second");
    };
    const server = await host.serve(validator(streaming));
    servers.push(server);
    const socket = await rawConnection(server.port, get("GET"));
    await brought(socket, "first");
    received.fire();
    await brought(socket, "second");
  });

  it("EXC-03: an app's error after the head breaks the connection, and is logged as the app's own", async () => {
    const logger = new MemoryLogger();
    const received = signal();
    const failing = async function* (_environ: Environ, startResponse: StartResponse): AsyncGenerator<Uint8Array> {
      startResponse("200 OK", [TYPE]);
      yield bytes("begun");
      await received.promise;
      throw new Error("after");
    };
    const server = await host.serve(validator(failing), { logger });
    servers.push(server);
    const socket = await rawConnection(server.port, get("GET"));
    const closed = once(socket, "close");
    await brought(socket, "begun");
    received.fire();
    await closed;
    if (!host.name.startsWith("Koa")) expect(await logger.said("Error: after")).toContain("GET /");
    expect(logger.text).not.toContain("Validation");
  });

  it("ITER-05, ITER-13: a client that leaves causes one close() and no error", async () => {
    const logger = new MemoryLogger();
    const closed = signal();
    let closes = 0;
    const waiting: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [TYPE, ["Content-Length", "9"]]);
      return {
        async *[Symbol.asyncIterator]() {
          yield bytes("begun");
          await closed.promise;
        },
        close() {
          closes += 1;
          closed.fire();
        },
      };
    };
    const server = await host.serve(validator(waiting), { logger });
    servers.push(server);
    const socket = await rawConnection(server.port, get("GET"));
    await brought(socket, "begun");
    socket.destroy();
    await closed.promise;
    await server.close();
    expect([closes, logger.lines]).toEqual([1, []]);
  });

  it("VAL-18: the host answers for a rule that the app breaks", async () => {
    const logger = new MemoryLogger();
    const server = await host.serve(validator(only("200OK", [TYPE])), { logger });
    servers.push(server);
    expect((await raw(server.port, get("GET"))).head).toMatch(/^HTTP\/1\.1 500 /);
    if (!host.framework) expect(logger.text).toContain("ValidationError: the app breaks VAL-18");
  });
});
