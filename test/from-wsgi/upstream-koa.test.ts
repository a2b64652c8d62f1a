/** Popular Koa middleware in front of a WSGI app, on real servers: both the middleware and the app work. */
import Koa3, { type Middleware } from "koa";
import helmet from "koa-helmet";
import responseTime from "koa-response-time";
import session from "koa-session";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { fromWsgi } from "../../src/koa.ts";
import { bytes } from "../support/bytes.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const HEAD: [string, string][] = [
  ["Content-Type", "text/plain"],
  ["Set-Cookie", "app=1"],
  ["X-Frame-Options", "DENY"],
];
/** Two ways to send a body: a complete one is set on the context as a buffer, any other as a stream. */
const APPS: [how: string, app: WsgiApp][] = [
  [
    "in one piece",
    (environ, startResponse) => {
      startResponse("200 OK", [...HEAD]);
      return [bytes(`visit ${environ["test.visits"]}`)];
    },
  ],
  [
    "as a stream",
    async function* (environ, startResponse) {
      startResponse("200 OK", [...HEAD]);
      yield bytes(`visit ${environ["test.visits"]}`);
      yield bytes("and more");
    } as WsgiApp,
  ],
];

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2],
])("on %s", (_name, Koa) => {
  describe.each(APPS)("in front of an app that responds %s", (_how, app) => {
    const serve = async (upstream: (host: Koa3) => Middleware[]): Promise<number> => {
      const host = new Koa({ keys: ["secret"] });
      for (const middleware of upstream(host)) host.use(middleware);
      host.use(fromWsgi(app, { environ: (ctx) => ({ "test.visits": visitsOf(ctx) }) }));
      server = await listen(host.callback());
      return server.port;
    };
    const visitsOf = (ctx: object): unknown => ("session" in ctx ? (ctx.session as { visits?: number }).visits : 0);
    const cookies = (head: string): string[] =>
      [...head.matchAll(/^Set-Cookie: ([^;\r]+)/gim)].map((match) => match[1] ?? "");

    it("NODE-16: koa-session works across requests, and its cookies are sent next to the app's", async () => {
      const count: Middleware = (ctx, next) => {
        if (ctx.session) ctx.session.visits = (ctx.session.visits ?? 0) + 1;
        return next();
      };
      const port = await serve((host) => [session(host), count]);
      let kept = "";
      for (const visit of [1, 2, 3]) {
        const { head, body } = await rawGet(port, "/", kept);
        const set = cookies(head);
        expect(body).toContain(`visit ${visit}`);
        expect(set.map((cookie) => cookie.split("=")[0]).toSorted()).toEqual(["app", "koa.sess", "koa.sess.sig"]);
        kept = `Cookie: ${set.join("; ")}\r\n`;
      }
    });

    it("koa-session: values set after the app has responded are saved, too", async () => {
      const remember: Middleware = async (ctx, next) => {
        await next();
        if (ctx.session) ctx.session.visits = ctx.status;
      };
      const port = await serve((host) => [session(host), remember]);
      const { head } = await rawGet(port, "/");
      const { body } = await rawGet(port, "/", `Cookie: ${cookies(head).join("; ")}\r\n`);
      expect(body).toContain("visit 200");
    });

    it("koa-helmet: its headers are sent, but the app's own headers win", async () => {
      const { head } = await rawGet(await serve(() => [helmet()]), "/");
      expect(head).toMatch(/^Content-Security-Policy: /im);
      expect(head).toMatch(/^X-Content-Type-Options: nosniff\r?$/im);
      expect(head.match(/^X-Frame-Options: .*$/gim)).toEqual(["X-Frame-Options: DENY"]);
    });

    it("koa-response-time: its header is sent with the app's head", async () => {
      const { head, body } = await rawGet(await serve(() => [responseTime({ hrtime: true })]), "/");
      expect(head).toMatch(/^X-Response-Time: \d+(\.\d+)?ms$/im);
      expect(body).toContain("visit ");
    });
  });
});
