import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { AppProtocolError, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { signal } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { Recorder } from "../support/raw-requests.ts";
import { brought, listen, raw, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const KIB = 1024;
const logger = new MemoryLogger();
/** `rawGet` adds two more fields: Host and Connection. */
const fields = (count: number, size: number): string =>
  Array.from({ length: count }, (_, n) => `X-${n}: ${"v".repeat(size)}\r\n`).join("");

describe("SEC-15: the limits that apply if Node's own limit on a head was raised", () => {
  const answerTo = async (target: string, headers: string): Promise<{ status: string | undefined; calls: number }> => {
    const recorder = new Recorder();
    server = await listen(createServer({ maxHeaderSize: 1024 * KIB }, fromWsgi(recorder.app, { logger })));
    const { head } = await rawGet(server.port, target, headers);
    return { status: /^HTTP\/1\.1 (\d+)/.exec(head)?.[1], calls: recorder.calls.length };
  };

  it.each([
    ["256 fields", "/", fields(254, 1), "200"],
    ["257 fields", "/", fields(255, 1), "431"],
    ["a value of 64 KiB", "/", fields(1, 64 * KIB), "200"],
    ["a value of 64 KiB and a byte", "/", fields(1, 64 * KIB + 1), "431"],
    ["250 KiB of fields", "/", fields(5, 50 * KIB), "200"],
    ["260 KiB of fields", "/", fields(5, 52 * KIB), "431"],
    ["a target of 64 KiB", `/${"a".repeat(64 * KIB - 1)}`, "", "200"],
    ["a target of 64 KiB and a byte", `/${"a".repeat(64 * KIB)}`, "", "414"],
    ["a query of 64 KiB", `/?${"a".repeat(64 * KIB)}`, "", "414"],
  ])("%s", async (_what, target, headers, status) => {
    expect(await answerTo(target, headers)).toEqual({ status, calls: status === "200" ? 1 : 0 });
  });

  it("Node's own limit comes first: 16 KiB of head", async () => {
    const recorder = new Recorder();
    server = await listen(fromWsgi(recorder.app, { logger }));
    expect((await rawGet(server.port, "/", fields(1, 17 * KIB))).head).toMatch(/^HTTP\/1\.1 431 /);
    expect(recorder.calls).toEqual([]);
  });

  it("the environ of a request within these limits reaches Python completely", async () => {
    const { app } = await hostPython("probe:application");
    server = await listen(createServer({ maxHeaderSize: 1024 * KIB }, fromWsgi(app, { logger })));
    const { body } = await rawGet(server.port, "/environ", fields(5, 50 * KIB));
    const text = body.replaceAll(/\r\n[0-9a-f]*\r\n|^[0-9a-f]+\r\n/g, "");
    for (const n of [0, 4]) expect(text.match(new RegExp(`"HTTP_X_${n}": "(v+)"`))?.[1]).toHaveLength(50 * KIB);
  });
});

describe("SEC-15: write()", () => {
  it.each([
    ["accepts 1 MiB without being awaited", 16, undefined],
    ["refuses more", 17, AppProtocolError],
  ])("%s", async (_what, blocks, expected) => {
    const ended = signal<unknown>();
    const app: WsgiApp = (_environ, startResponse) => {
      const write = startResponse("200 OK", []);
      try {
        for (let n = 0; n < blocks; n += 1) void write(new Uint8Array(64 * KIB));
        ended.fire(undefined);
      } catch (error) {
        ended.fire(error);
        throw error;
      }
      return [];
    };
    server = await listen(fromWsgi(app, { logger }));
    const { reset, body } = await rawGet(server.port, "/");
    const error = await ended.promise;
    if (expected === undefined) expect(error).toBeUndefined();
    else expect(error).toBeInstanceOf(expected);
    expect(!reset && body.endsWith("0\r\n\r\n")).toBe(expected === undefined);
  });
});

describe("SEC-17: slow clients, with the timeouts of Node's server", () => {
  const HEAD = "POST / HTTP/1.1\r\nHost: test\r\n";
  const patience = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };

  it("a head that does not end gets a 408, and the app is not called", async () => {
    const recorder = new Recorder();
    server = await listen(createServer(patience, fromWsgi(recorder.app, { logger })));
    expect((await raw(server.port, HEAD)).head).toMatch(/^HTTP\/1\.1 408 /);
    expect(recorder.calls).toEqual([]);
  });

  it("a body that does not end fails for the app, too", async () => {
    const recorder = new Recorder();
    server = await listen(createServer(patience, fromWsgi(recorder.app, { logger })));
    expect((await raw(server.port, `${HEAD}Content-Length: 10\r\n\r\nhalf`)).head).toMatch(/^HTTP\/1\.1 408 /);
    expect(await recorder.calls[0]?.body).toBeUndefined();
  });

  it("if a client stops reading, close() is called when the server's timeout expires", async () => {
    const closed = signal();
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", []);
      const blocks = (function* () {
        for (;;) yield new Uint8Array(64 * KIB);
      })();
      return { [Symbol.iterator]: () => blocks, close: () => closed.fire() };
    };
    const node = createServer(fromWsgi(app, { logger }));
    node.timeout = 100;
    server = await listen(node);
    const socket = await rawConnection(server.port, `${HEAD}\r\n`);
    socket.pause();
    await closed.promise;
    socket.destroy();
  });

  it("a slow upload uses no Python thread: it is read completely before a thread gets it", async () => {
    const { port } = await hostPython("probe:application", { threads: 1 });
    const slow = await rawConnection(
      port,
      `${HEAD.replace("/", "/echo")}Connection: close\r\nContent-Length: 6\r\n\r\nsl`,
    );
    expect((await rawGet(port, "/hello")).body).toBe("hello");
    slow.write("ow!!");
    expect(await brought(slow, "slow!!")).toContain("X-Length: 6");
  });

  it("a slow reader of a response of up to 1 MiB uses no Python thread", async () => {
    const { port } = await hostPython("probe:application", { threads: 1 });
    const slow = await rawConnection(port, "GET /large?1000000 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    slow.pause();
    expect((await rawGet(port, "/hello")).body).toBe("hello");
    const all = new Promise<number>((resolve) => {
      let size = 0;
      slow.on("data", (part: Buffer) => {
        size += part.length;
      });
      slow.on("end", () => resolve(size));
    });
    slow.resume();
    expect(await all).toBeGreaterThan(1_000_000);
  });
});

it("SEC-15: the size of a body is limited before a Python app gets any of it", async () => {
  const { app } = await hostPython("probe:application");
  server = await listen(fromWsgi(app, { logger, maxBodySize: 10 }));
  const { head } = await raw(
    server.port,
    "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
  );
  expect(head).toMatch(/^HTTP\/1\.1 413 /);
});
