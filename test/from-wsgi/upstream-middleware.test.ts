/** Popular Express middleware in front of a WSGI app, on real servers: both the middleware and the app work. */
import { randomBytes } from "node:crypto";
import compression from "compression";
import cookieSession from "cookie-session";
import cors from "cors";
import express5, { type NextFunction, type RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import express4 from "express4";
import helmet from "helmet";
import morgan from "morgan";
import passport from "passport";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { bytes, signal } from "../support/bytes.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const page: WsgiApp = (environ, startResponse) => {
  startResponse("200 OK", [
    ["Content-Type", "text/plain"],
    ["Set-Cookie", "app=1"],
    ["Vary", "Cookie"],
    ["X-Frame-Options", "DENY"],
  ]);
  return [bytes(`${environ.REMOTE_USER ?? "nobody"} ${"x".repeat(2000)}`)];
};

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("on %s", (_name, express) => {
  const serve = async (upstream: unknown[], app: WsgiApp = page, options: FromWsgiOptions = {}): Promise<number> => {
    const host = express();
    for (const middleware of upstream) host.use(middleware as RequestHandler);
    host.use(fromWsgi(app, options));
    server = await listen(host);
    return server.port;
  };
  const cookies = (head: string): string[] =>
    [...head.matchAll(/^Set-Cookie: ([^=]+)=/gim)].map((match) => match[1] ?? "");

  it("compression: a complete body is compressed, and the app's Content-Length is removed", async () => {
    const port = await serve([compression({ threshold: 0 })]);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { "Accept-Encoding": "gzip" } });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(answer.headers.get("content-length")).toBeNull();
    expect(answer.headers.get("vary")).toBe("Cookie, Accept-Encoding");
    expect(await answer.text()).toContain("x".repeat(2000));
  });

  it("ITER-02: compression does not hold back server-sent events", async () => {
    const received = signal();
    const port = await serve([compression({ threshold: 0 })], async function* (_environ, startResponse) {
      startResponse("200 OK", [["Content-Type", "text/event-stream"]]);
      yield bytes("data: 1\n\n");
      await received.promise; // without a flush, the app and the client would wait for each other
      yield bytes("data: 2\n\n");
    } as WsgiApp);
    const { body, headers } = await fetch(`http://127.0.0.1:${port}/`);
    expect(headers.get("content-encoding")).toMatch(/gzip|br|deflate/);
    let text = "";
    for await (const part of body ?? []) {
      text += Buffer.from(part).toString();
      received.fire();
    }
    expect(text).toBe("data: 1\n\ndata: 2\n\n");
  });

  it("NODE-21: compression never removes a drain listener; the bridge adds only one, however often the client is slow", async () => {
    const warnings: string[] = [];
    const remember = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", remember); // Node warns of the eleventh listener
    onTestFinished(() => void process.off("warning", remember));
    const block = randomBytes(64 * 1024); // larger than the compressor's buffer, and incompressible
    const port = await serve([compression({ threshold: 0 })], async function* (_environ, startResponse) {
      startResponse("200 OK", [["Content-Type", "text/plain"]]);
      for (let i = 0; i < 50; i += 1) yield block;
    } as WsgiApp);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { "Accept-Encoding": "gzip" } });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(Buffer.concat(Array(50).fill(block)).equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
    expect(warnings).toEqual([]);
  });

  it("NODE-16: express-session's cookie and the app's own both arrive", async () => {
    const port = await serve([session({ secret: "s", resave: false, saveUninitialized: true })]);
    expect(cookies((await rawGet(port, "/")).head)).toEqual(["app", "connect.sid"]);
  });

  it("NODE-16: cookie-session's cookies and the app's own all arrive", async () => {
    const visit: RequestHandler = (req, _res, next) => {
      (req as unknown as { session: object }).session = { visited: true };
      next();
    };
    const port = await serve([cookieSession({ name: "kept", secret: "s" }), visit]);
    expect(cookies((await rawGet(port, "/")).head).toSorted()).toEqual(["app", "kept", "kept.sig"]);
  });

  it("helmet: its headers are sent, but the app's own headers win", async () => {
    const { head } = await rawGet(await serve([helmet()]), "/");
    expect(head).toMatch(/Content-Security-Policy: /i);
    expect(head.match(/^X-Frame-Options: .*$/gim)).toEqual(["X-Frame-Options: DENY"]);
  });

  it("morgan: logs the status and the length that were sent", async () => {
    const line = signal<string>();
    const stream = { write: (text: string) => line.fire(text) };
    const port = await serve([morgan(":method :url :status :res[content-length]", { stream })]);
    await rawGet(port, "/a?b");
    expect(await line.promise).toBe("GET /a?b 200 2007\n");
  });

  it("cors: responds to preflights itself, and its Vary is sent next to the app's", async () => {
    const port = await serve([cors({ origin: ["http://a"] })]);
    const origin = { Origin: "http://a" };
    const preflight = { ...origin, "Access-Control-Request-Method": "PUT" };
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: "OPTIONS", headers: preflight })).status).toBe(204);
    const { headers } = await fetch(`http://127.0.0.1:${port}/`, { headers: origin });
    expect(headers.get("access-control-allow-origin")).toBe("http://a");
    expect(headers.get("vary")).toBe("Origin, Cookie");
  });

  it("express-rate-limit: counts requests, and refuses excess ones before the app", async () => {
    const port = await serve([rateLimit({ windowMs: 60_000, limit: 1 })]);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(429);
  });

  it("passport: its user becomes REMOTE_USER through the option environ", async () => {
    const login: RequestHandler = (req, _res, next) => {
      const { login } = req as unknown as { login: (user: object, done: NextFunction) => void };
      login.call(req, { id: "zoe" }, next);
    };
    const sessions = session({ secret: "s", resave: false, saveUninitialized: false });
    const auth = new passport.Passport();
    auth.serializeUser((user, done) => done(null, (user as { id: string }).id));
    const options: FromWsgiOptions = {
      environ: (req) => ({ REMOTE_USER: (req as unknown as { user?: { id: string } }).user?.id }),
    };
    const port = await serve([sessions, auth.initialize(), auth.session(), login], page, options);
    expect((await rawGet(port, "/")).body).toMatch(/^zoe /);
  });
});
