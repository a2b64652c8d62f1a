/** `Expect: 100-continue` on every host (PEP 3333, "HTTP 1.1 Expect/Continue"): when Node sends the 100. */
import { createServer, type RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { bytes, signal } from "../support/bytes.ts";
import { brought, listen, raw, rawConnection } from "../support/server.ts";

const EXPECTING = "POST /first HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

const LISTENERS: [name: string, make: (app: WsgiApp) => RequestListener][] = [
  ["Express 5", (app) => express5().use(fromWsgi(app)) as unknown as RequestListener],
  ["Express 4", (app) => express4().use(fromWsgi(app)) as unknown as RequestListener],
  ["Koa 3", (app) => new Koa3().use(koaFromWsgi(app)).callback()],
  ["Koa 2", (app) => new Koa2().use(koaFromWsgi(app)).callback()],
  ["node:http", (app) => fromWsgi(app)],
];

describe.each(LISTENERS)("on %s", (_name, make) => {
  it("EXP-02: Node sends 100 Continue at once, whether the app reads the body or not", async () => {
    const invited = signal();
    const app: WsgiApp = async (_environ, startResponse) => {
      await invited.promise; // reads nothing
      startResponse("403 Forbidden", []);
      return [bytes("no")];
    };
    const server = await listen(make(app));
    onTestFinished(() => server.close());
    const socket = await rawConnection(server.port, EXPECTING);
    await brought(socket, "HTTP/1.1 100 Continue\r\n\r\n");
    const answered = brought(socket, "no");
    invited.fire();
    expect(await answered).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    socket.destroy();
  });

  it("EXP-04: a final response without a 100 Continue closes the connection, because the body may or may not follow", async () => {
    const paths: string[] = [];
    const app: WsgiApp = (environ, startResponse) => {
      paths.push(environ.PATH_INFO);
      startResponse("403 Forbidden", []);
      return [bytes("no")];
    };
    // A server with such a listener leaves the 100 Continue to it.
    const server = await listen(createServer().on("checkContinue", make(app)).on("request", make(app)));
    onTestFinished(() => server.close());
    const { head, body } = await raw(server.port, EXPECTING);
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toMatch(/^Connection: close$/im);
    expect([body, paths]).toEqual(["no", ["/first"]]);
  });

  it("EXP-02: if the host's own listener sends 100 Continue, the app reads the body", async () => {
    const app: WsgiApp = async (environ, startResponse) => {
      startResponse("200 OK", []);
      return [await environ["wsgi.input"].read()];
    };
    const server = await listen(
      createServer().on("checkContinue", (req, res) => {
        res.writeContinue();
        make(app)(req, res);
      }),
    );
    onTestFinished(() => server.close());
    const socket = await rawConnection(server.port, EXPECTING);
    await brought(socket, "HTTP/1.1 100 Continue\r\n\r\n");
    const answered = brought(socket, "hello");
    socket.write("hello");
    expect(await answered).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });
});
