/** A failure after the app has begun to read: the framework's default error handler responds, at once. */

import type { RequestListener } from "node:http";
import { join } from "node:path";
import express5 from "express";
import express4 from "express4";
import { afterEach, describe, expect, it } from "vitest";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { APPS, startPython } from "../support/python.ts";
import { brought, listen, rawConnection, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

/** Reads a little, then fails. */
const failing: WsgiApp = async (environ) => {
  await environ["wsgi.input"].read(10);
  throw new Error("the app failed");
};
const greedy: WsgiApp = async (environ, startResponse) => {
  await environ["wsgi.input"].read();
  startResponse("200 OK", []);
  return [];
};

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("on %s", (_name, create) => {
  const serve = async (app: WsgiApp, options: FromWsgiOptions = {}): Promise<void> => {
    const site = create();
    site.set("env", "test");
    site.use(fromWsgi(app, options));
    server = await listen(site as unknown as RequestListener);
  };
  const post = (framing: string, body: string): string => `POST / HTTP/1.1\r\nHost: h\r\n${framing}\r\n\r\n${body}`;
  const whole = post("Content-Length: 60000", "x".repeat(60_000));

  it("an error after the body was begun is answered, on a connection that is kept", async () => {
    await serve(failing);
    const socket = await rawConnection(server.port, whole);
    await brought(socket, "</html>");
    socket.write(whole);
    expect(await brought(socket, "</html>")).toMatch(/^HTTP\/1.1 500 /);
    socket.destroy();
  });

  it.each([
    ["an error in the middle of a small upload", failing, {}, post("Content-Length: 60000", "x".repeat(30_000)), 500],
    ["an error in the middle of a large upload", failing, {}, post("Content-Length: 900000", "x".repeat(30_000)), 500],
    [
      "an error in the middle of a chunked upload",
      failing,
      {},
      post("Transfer-Encoding: chunked", "14\r\n01234567890123456789\r\n"),
      500,
    ],
    [
      "a chunked body larger than maxBodySize",
      greedy,
      { maxBodySize: 10 },
      post("Transfer-Encoding: chunked", "14\r\n01234567890123456789\r\n"),
      413,
    ],
    ["a Content-Length larger than maxBodySize", greedy, { maxBodySize: 10 }, post("Content-Length: 900000", "x"), 413],
  ])("%s is answered before the rest of the body is sent", async (_what, app, options, request, status) => {
    await serve(app, options);
    const socket = await rawConnection(server.port, request);
    expect(await brought(socket, "</html>")).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    socket.destroy();
  });

  it("after an error in the middle of a small upload, the rest of the body is skipped and the connection is kept", async () => {
    await serve(failing);
    const socket = await rawConnection(server.port, whole.slice(0, -30_000));
    await brought(socket, "</html>");
    socket.write(whole.slice(-30_000) + whole);
    expect(await brought(socket, "</html>")).toMatch(/^HTTP\/1.1 500 /);
    socket.destroy();
  });

  it("an error handler that reads the rest of the body gets all of it", async () => {
    const site = create().use(fromWsgi(failing));
    site.use(((_error, req, res, _next) => {
      let size = 0;
      req.on("data", (part: Buffer) => {
        size += part.length;
      });
      req.on("end", () => void res.status(500).end(`${size < 60_000 && size >= 30_000}.`));
    }) as express5.ErrorRequestHandler);
    server = await listen(site as unknown as RequestListener);
    const socket = await rawConnection(server.port, whole);
    expect(await brought(socket, "true.")).toMatch(/^HTTP\/1.1 500 /);
    socket.destroy();
  });

  it("a Python app whose body cannot be spooled is answered", async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(APPS, "does-not-exist");
    try {
      await serve(startPython("probe:application", { spoolThreshold: 10 }));
      const socket = await rawConnection(server.port, whole);
      expect(await brought(socket, "</html>")).toMatch(/^HTTP\/1.1 503 /);
      socket.destroy();
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});
