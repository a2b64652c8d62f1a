/** For any request, the app gets the path, host and address that guards of the framework have read (CONFORMANCE ISO-13). */
import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import fc from "fast-check";
import Koa3 from "koa";
import mount from "koa-mount";
import Koa2Untyped from "koa2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Environ, fromWsgi, toWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as fromWsgiOnKoa } from "../../src/koa.ts";
import { percentDecode } from "../../src/wsgi/path.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, raw, type TestServer } from "../support/server.ts";
import { host as anyHost, target as anyTarget } from "../support/targets.ts";

/** What the framework reads of the current request: in its first middleware, and just before the bridge. */
interface Reading {
  /** The undecoded path before any mount; `null` if the framework finds none. */
  first: string | null;
  /** The undecoded mount; `path` is the rest. */
  base: string;
  path: string | null;
  host: string;
  hostname: string;
  ip: string | undefined;
  /** The mounts whose guards were called. */
  guards: string[];
}

let reading: Reading;
let environ: Environ | undefined;
beforeEach(() => {
  environ = undefined;
});
const app: WsgiApp = (given, startResponse) => {
  environ = given;
  startResponse("200 OK", []);
  return [];
};
const GUARDED = ["/admin", "/m/admin", "/m/m"];
const logger = new MemoryLogger();

function onExpress(make: typeof express5, proxy: boolean): RequestListener {
  const site = make().set("env", "test").set("trust proxy", proxy);
  site.use((req, _res, next) => {
    reading = { ...NOTHING, first: req.path, guards: [] };
    next();
  });
  for (const at of GUARDED) {
    site.use(at, (_req, _res, next) => {
      reading.guards.push(at);
      next();
    });
  }
  const look: express5.RequestHandler = (req, _res, next) => {
    const { baseUrl: base, path, hostname = "", ip } = req;
    const host = make === express5 ? (req.host ?? "") : hostname; // Express 4 has no host with a port, and warns when it is read
    Object.assign(reading, { base, path, host, hostname, ip });
    next();
  };
  site.use("/m", look, fromWsgi(app, { logger }));
  site.use(look, fromWsgi(app, { logger }));
  return site as unknown as RequestListener;
}

function onKoa(Koa: typeof Koa3, proxy: boolean): RequestListener {
  const site = new Koa({ proxy });
  site.silent = true;
  const pathOf = (ctx: { path: string }): string | null => {
    try {
      return ctx.path;
    } catch {
      return null; // Node says that it is not a URL
    }
  };
  site.use((ctx, next) => {
    const first = pathOf(ctx);
    reading = { ...NOTHING, first, guards: GUARDED.filter((at) => under(at, first ?? "")) };
    return next();
  });
  const look: Koa3.Middleware = (ctx, next) => {
    Object.assign(reading, { base: ctx.mountPath ?? "", path: pathOf(ctx), host: ctx.host, ip: ctx.ip });
    return next();
  };
  const inner = new Koa().use(look).use(fromWsgiOnKoa(app, { logger }));
  const mounted = mount("/m", inner as never) as unknown as Koa3.Middleware;
  site.use((ctx, next) => (pathOf(ctx) === null ? next() : mounted(ctx, next)));
  site.use(look).use(fromWsgiOnKoa(app, { logger }));
  return site.callback();
}

const NOTHING: Reading = { first: null, base: "", path: null, host: "", hostname: "", ip: undefined, guards: [] };
const under = (at: string, path: string): boolean => path === at || path.startsWith(`${at}/`);
const hostnameOf = (host: string): string => /^(\[[^\]]*\]|[^:]*)/.exec(host)?.[1] ?? "";
const decoded = (path: string | null): string => (path === "*" || path === null ? "" : percentDecode(path));

const SITES = [
  ["Express 5", (proxy: boolean) => onExpress(express5, proxy)],
  ["Express 4", (proxy: boolean) => onExpress(express4 as unknown as typeof express5, proxy)],
  ["Koa 3", (proxy: boolean) => onKoa(Koa3, proxy)],
  ["Koa 2", (proxy: boolean) => onKoa(Koa2Untyped as typeof Koa3, proxy)],
] as const;
const CASES = SITES.flatMap(([name, serve]) => [true, false].map((proxy) => ({ name, serve, proxy })));

describe.each(CASES)("ISO-13: $name, trust in proxies: $proxy", ({ name, serve, proxy }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await listen(serve(proxy));
  });
  afterAll(() => server.close());

  async function ask(target: string, host: string, headers = ""): Promise<string> {
    environ = undefined;
    const { head } = await raw(
      server.port,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`,
    );
    return head.slice(0, 12);
  }

  /** The rules that the request given to the app violates. */
  function faults(target: string): string[] {
    const { SCRIPT_NAME, PATH_INFO, HTTP_HOST = "", REMOTE_ADDR } = environ as Environ;
    const whole = SCRIPT_NAME + PATH_INFO;
    const paths = [whole];
    // Below a mount at /admin, Express 5 adds a slash to `/admin#f` and does not remove it again.
    if (target.includes("#") && whole.endsWith("/")) paths.push(whole.slice(0, -1));
    // Express 4 removes one slash too many if two slashes follow a mount; the README documents that.
    const doubled = name === "Express 4" && reading.base !== "" && (reading.first ?? "").includes("//");
    const first = doubled ? reading.first?.replace(/^(\/m\/)\//i, "$1") : reading.first;
    const read = name === "Express 4" ? hostnameOf(HTTP_HOST) : HTTP_HOST;
    const guards = GUARDED.filter(
      (at) => !doubled && !target.includes("%") && under(at, first ?? "") && under(at, whole),
    );
    return [
      paths.includes(decoded(first ?? null)) ? "" : `the path is ${whole}, and ${first} to the first middleware`,
      decoded(reading.path) === (PATH_INFO || "/") || reading.path === "*" ? "" : `PATH_INFO is no ${reading.path}`,
      decoded(reading.base) === SCRIPT_NAME ? "" : `SCRIPT_NAME is no ${reading.base}`,
      read === reading.host ? "" : `HTTP_HOST ${HTTP_HOST} is no ${reading.host}`,
      REMOTE_ADDR === reading.ip?.replace("::ffff:", "") ? "" : `REMOTE_ADDR ${REMOTE_ADDR} is no ${reading.ip}`,
      ...guards.map((at) => (reading.guards.includes(at) ? "" : `the guard of ${at} was not asked`)),
    ].filter((fault) => fault !== "");
  }

  it("the app gets the path, host and address that the framework has read, or the client gets a 400", async () => {
    const address = fc.constantFrom(
      "",
      "192.0.2.1",
      "192.0.2.1, 198.51.100.2",
      "unknown",
      ",",
      "::ffff:192.0.2.1",
      "[::1]:8",
    );
    const forwarded = fc.record({ host: fc.option(fc.tuple(anyHost, fc.constantFrom("", ",b", " , b"))), address });
    await fc.assert(
      fc.asyncProperty(anyTarget, anyHost, forwarded, async (target, host, by) => {
        const named = by.host === null ? "" : `X-Forwarded-Host: ${by.host.join("")}\r\n`;
        const status = await ask(target, host, `${named}X-Forwarded-For: ${by.address}\r\n`);
        if (environ !== undefined) expect(faults(target)).toEqual([]);
        // A 404 comes from the framework, which found no path at all.
        else expect(["HTTP/1.1 400", "HTTP/1.1 404"]).toContain(status);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    "javascript://h/admin",
    "http://h;/admin",
    "http://h\\m/xail",
    "http://u@h/admin",
    "http:///admin",
    "ftp://h/admin",
    "//u@h/admin#f",
    "http://h/m\\admin",
    "/admin#/m/admin",
    "/m/<//",
  ])("no guard checks one path while the app gets another: GET %s", async (target) => {
    const status = await ask(target, "h");
    if (environ === undefined) expect(status).toBe("HTTP/1.1 400");
    else expect(faults(target)).toEqual([]);
  });

  it("the authority of a target does not replace the Host that guards have read", async () => {
    expect(await ask("http://intranet/x", "public")).toBe("HTTP/1.1 200");
    expect(environ).toMatchObject({ HTTP_HOST: "public", PATH_INFO: "/x", REQUEST_URI: "http://intranet/x" });
  });

  it("a trusted X-Forwarded-Host is used with its port, even if Host has the same name and another port", async () => {
    await ask("/", "shop.example:3000", "X-Forwarded-Host: shop.example:8443, b\r\n");
    expect(environ?.HTTP_HOST).toBe(proxy ? "shop.example:8443" : "shop.example:3000");
  });
});

describe("ISO-13: Connect middleware, without the getters of Express", () => {
  it.each([
    ["/admin?x", "/admin"],
    ["/admin#f", "/admin"],
    ["http://intranet/admin", "/admin"],
    ["javascript://h/admin", undefined],
    ["http://h;/admin", undefined],
    ["//u@h/admin#f", undefined],
  ])("GET %s has the path %j and the host of Host", async (target, path) => {
    const bridge = fromWsgi(app, { logger });
    const server = await listen((req, res) => {
      bridge(Object.assign(req, { originalUrl: req.url }), res, (error) => {
        res.writeHead((error as { status: number }).status).end();
      });
    });
    const { head } = await raw(server.port, `GET ${target} HTTP/1.1\r\nHost: public\r\nConnection: close\r\n\r\n`);
    await server.close();
    expect(environ?.PATH_INFO).toBe(path);
    if (path === undefined) expect(head).toMatch(/^HTTP\/1\.1 400 /);
    else expect(environ?.HTTP_HOST).toBe("public");
  });
});

describe("ISO-13: the other direction", () => {
  it("an Express app inside toWsgi reads the path and the host of the environ", async () => {
    let inner: { path: string; host: string } | undefined;
    const site = express5().use((req, res) => {
      inner = { path: req.baseUrl + req.path, host: req.host };
      res.end();
    });
    const around: WsgiApp = (given, startResponse) => {
      environ = given;
      return toWsgi(site as never)(given, startResponse);
    };
    const server = await listen(fromWsgi(around, { logger }));
    await fc.assert(
      fc.asyncProperty(anyTarget, anyHost, async (target, host) => {
        environ = undefined;
        inner = undefined;
        await raw(server.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        if (environ === undefined || inner === undefined) return;
        const { SCRIPT_NAME, PATH_INFO, HTTP_HOST } = environ as Environ;
        expect(decoded((inner as { path: string }).path)).toBe(
          SCRIPT_NAME + (PATH_INFO || (target === "*" ? "" : "/")),
        );
        expect((inner as { host: string }).host ?? "").toBe(HTTP_HOST);
      }),
      { numRuns: 400 },
    );
    await server.close();
  });
});
