import { createServer } from "node:http";
import Koa3 from "koa";
import compress from "koa-compress";
import conditional from "koa-conditional-get";
import etag from "koa-etag";
import mount from "koa-mount";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { fromWsgi } from "../../src/koa.ts";
import { bytes, signal } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, listen, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const serve = async (app: Koa3): Promise<number> => {
  app.silent = true;
  server = await listen(createServer(app.callback()));
  return server.port;
};
const show: WsgiApp = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "application/json"]]);
  return [bytes(JSON.stringify([environ.SCRIPT_NAME, environ.PATH_INFO, environ.REQUEST_URI]))];
};
const logger = new MemoryLogger();

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2],
])("%s", (_name, Koa) => {
  it.each([
    ["/m", "/m", "/m", ""],
    ["/m", "/m/", "/m", "/"],
    ["/m", "/m/a%20b?c", "/m", "/a b"],
    ["/m/", "/m/a", "/m", "/a"],
    ["/", "/a//b", "", "/a//b"],
  ])("NODE-01, NODE-06, ENV-09: mount(%j) and GET %s", async (prefix, target, script, path) => {
    const port = await serve(new Koa().use(mount(prefix, fromWsgi(show, { logger }))));
    expect(JSON.parse((await rawGet(port, target)).body)).toEqual([script, path, target]);
  });

  it("NODE-05: nested mounts add up to one SCRIPT_NAME", async () => {
    const inner = new Koa().use(mount("/b", fromWsgi(show, { logger })));
    const port = await serve(new Koa().use(mount("/a", inner)));
    expect(JSON.parse((await rawGet(port, "/a/b/c")).body)).toEqual(["/a/b", "/c", "/a/b/c"]);
  });

  it("NODE-07: the mount is read when the app is called, although Koa restores the path before the body is complete", async () => {
    const answered = signal();
    const app = new Koa().use(async (_ctx, next) => {
      await next();
      answered.fire();
    });
    const late: WsgiApp = async function* (environ, startResponse) {
      startResponse("200 OK", [["Content-Length", "5"]]);
      yield bytes("/");
      await answered.promise;
      yield bytes(`${environ.SCRIPT_NAME}${environ.PATH_INFO}`);
    } as WsgiApp;
    const port = await serve(app.use(mount("/m", fromWsgi(late, { logger }))));
    expect((await rawGet(port, "/m/a")).body).toBe("//m/a");
  });

  it("upstream middleware can see and change the response", async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      ctx.set("X-Seen", `${ctx.status} ${ctx.message} ${ctx.type}`);
    });
    app.use(conditional()).use(etag());
    app.use(fromWsgi(show, { logger }));
    const port = await serve(app);
    const { head } = await rawGet(port, "/");
    expect(head).toContain("X-Seen: 200 OK application/json");
    const tag = /ETag: (.*)\r\n/i.exec(head)?.[1];
    expect((await rawGet(port, "/", `If-None-Match: ${tag}\r\n`)).head).toMatch(/^HTTP\/1\.1 304 /);
  });

  it("koa-compress compresses it", async () => {
    const app = new Koa().use(compress({ threshold: 0, br: false }));
    app.use(
      fromWsgi((_environ, startResponse) => {
        startResponse("200 OK", [["Content-Type", "text/plain"]]);
        return [bytes("x".repeat(10_000))];
      }),
    );
    const port = await serve(app);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(await answer.text()).toBe("x".repeat(10_000));
  });

  it("NODE-16: cookies of upstream middleware and of the app are sent as separate fields", async () => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.cookies.set("koa", "1");
      return next();
    });
    app.use(
      fromWsgi((_environ, startResponse) => {
        startResponse("200 OK", [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ]);
        return [bytes("x")];
      }),
    );
    const { head } = await rawGet(await serve(app), "/");
    expect(head.match(/^Set-Cookie: .*$/gim)).toEqual([
      "Set-Cookie: koa=1; path=/; httponly",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
    ]);
    expect(head).not.toMatch(/content-type/i);
  });

  it("NODE-32: an error before the head rejects the middleware; a later one is emitted on the app and closes the socket", async () => {
    const app = new Koa();
    const errors: string[] = [];
    const heard = signal();
    app.on("error", (error: Error) => {
      errors.push(error.message);
      heard.fire();
    });
    const received = signal();
    app.use(
      fromWsgi(
        async function* (environ, startResponse) {
          if (environ.PATH_INFO === "/early") throw new Error("too early");
          startResponse("200 OK", []);
          yield bytes("begun");
          await received.promise;
          throw new Error("too late");
        } as WsgiApp,
        { logger },
      ),
    );
    const port = await serve(app);
    expect((await rawGet(port, "/early")).head).toMatch(/^HTTP\/1\.1 500 /);
    expect(errors).toEqual(["too early"]);
    const socket = await rawConnection(port, "GET /late HTTP/1.1\r\nHost: test\r\n\r\n");
    await brought(socket, "begun");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    received.fire();
    await closed;
    expect(errors.slice(1)).toContain("too late");
  });

  it("NODE-33: passOn passes a 404 on to the next middleware; without passOn, the 404 is sent", async () => {
    const none: WsgiApp = (_environ, startResponse) => {
      startResponse("404 Not Found", [["Set-Cookie", "no=1"]]);
      return [bytes("none")];
    };
    const app = new Koa();
    app.use(mount("/on", fromWsgi(none, { passOn: [404] })));
    app.use(mount("/off", fromWsgi(none)));
    app.use((ctx) => {
      ctx.body = "next";
    });
    const port = await serve(app);
    const on = await rawGet(port, "/on");
    expect([on.head.includes("no=1"), on.body]).toEqual([false, "next"]);
    expect((await rawGet(port, "/off")).body).toBe("none");
  });
});
