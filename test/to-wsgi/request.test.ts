/** The request that an app inside `toWsgi` gets: head, URL, headers, socket (CONFORMANCE E, REV). */
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import Koa from "koa";
import { describe, expect, it } from "vitest";
import { EnvironError, toWsgi, type WsgiApp } from "../../src/index.ts";
import { toWsgi as koaToWsgi } from "../../src/koa.ts";
import { quote, requestUrl } from "../../src/wsgi/request-url.ts";
import { type Call, environOf, play } from "../support/calls.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";
import { requestHead } from "../support/heads.ts";

/** Responds with the result of `look`. */
function looking(look: (req: IncomingMessage & Record<string, unknown>) => unknown): WsgiApp {
  return toWsgi((req, res) =>
    res.end(JSON.stringify(look(req as IncomingMessage & Record<string, unknown>)) ?? "undefined"),
  );
}
const seen = async (look: Parameters<typeof looking>[0], call: Call = {}): Promise<unknown> =>
  JSON.parse((await play(looking(look), call)).body);

const path = (scriptName: string, pathInfo: string, target = "", queryString = ""): Call => ({
  scriptName,
  pathInfo,
  target,
  queryString,
});

describe("the URL", () => {
  it.each(docTable("src/wsgi/request-url.ts", "quote"))("REV-01: $call → $result", (row) => expectDocRow(quote, row));

  it.each([
    [
      "REV-01: is quoted again if the raw target is missing",
      path("", "/a b%?#\xd0\xb6\r\n;=,"),
      "/a%20b%25%3F%23%D0%B6%0D%0A;=,",
    ],
    ["REV-01: has an unchanged query", path("", "/a", "", "b=c%20&d?"), "/a?b=c%20&d?"],
    ["REV-02: is the raw target if that matches the environ", path("", "/a/b", "/a%2Fb"), "/a%2Fb"],
    ["REV-02: is the raw target with an empty query, too", path("", "/a", "/a?"), "/a?"],
    ["REV-02: is not the raw target if middleware has changed the path", path("", "/new", "/old"), "/new"],
    ["REV-02: is not the raw target if middleware has changed the query", path("", "/a", "/a?b=1", "b=2"), "/a?b=2"],
    ["REV-02: is not the raw target if that is invalid", path("", "/a\r\nX: y", "/a\r\nX: y"), "/a%0D%0AX:%20y"],
    [
      "REV-02: of a target in absolute form is that target",
      { ...path("", "/a", "http://h/a"), rawHeaders: ["Host", "h"] },
      "http://h/a",
    ],
    ["ISO-13: nor where it names another host", { ...path("", "/a", "http://h/a"), rawHeaders: ["Host", "i"] }, "/a"],
    [
      "ISO-13: is not the raw target if Express would read another path in it",
      path("", "/admin", "javascript://h/admin"),
      "/admin",
    ],
    ["ISO-13: is not the raw target if it has a backslash and a fragment", path("", "/a\\b", "/a\\b#f"), "/a%5Cb"],
    ["REV-02: of OPTIONS * is *", path("", "", "*"), "*"],
    ["REV-01: of an empty path is the root", path("", ""), "/"],
    ["REV-02: keeps double slashes", path("", "//a//b", "//a//b"), "//a//b"],
  ] as [string, Call, string][])("%s", async (_name, call, url) => {
    expect(await seen((req) => req.url, call)).toBe(url);
  });

  it.each([
    ["/m", "/a", "/m/a?x", { target: "/m/a?x", base: "/m", rest: "/a?x" }],
    ["/m", "", "/m?x", { target: "/m?x", base: "/m", rest: "/?x" }],
    ["/m", "/", "/m/?x", { target: "/m/?x", base: "/m", rest: "/?x" }],
    ["/m n", "/a b", "/m%20n/a%20b?x", { target: "/m%20n/a%20b?x", base: "/m%20n", rest: "/a%20b?x" }],
    ["/m/n", "/a", "/m%2Fn/a?x", { target: "/m%2Fn/a?x", base: "/m%2Fn", rest: "/a?x" }],
    ["/m n", "/a", "/other?x", { target: "/m%20n/a?x", base: "/m%20n", rest: "/a?x" }],
    ["/m", "", "", { target: "/m?x", base: "/m", rest: "/?x" }],
  ])("REV-03: SCRIPT_NAME %j and PATH_INFO %j of %j", (scriptName, pathInfo, target, url) => {
    expect(requestUrl(requestHead({ scriptName, pathInfo, target, queryString: "x" }))).toEqual(url);
  });

  it("REV-03: Express sees a mount as below another Express app", async () => {
    const app = express();
    app.use("/in", (req, res) => res.json([req.baseUrl, req.url, req.originalUrl, req.path]));
    const { body } = await play(toWsgi(app), path("/m", "/in/a", "/m/in/a?b", "b"));
    expect(JSON.parse(body)).toEqual(["/m/in", "/a?b", "/m/in/a?b", "/a"]);
  });

  it("REV-03: without a mount, the request has no properties of Express", async () => {
    expect(await seen((req) => [req.baseUrl ?? null, req.originalUrl ?? null], path("", "/a"))).toEqual([null, null]);
  });

  it("REV-03: Koa sees a mount as under koa-mount", async () => {
    const app = new Koa();
    app.use((ctx) => {
      ctx.body = [ctx.path, ctx.url, ctx.originalUrl, ctx.mountPath];
    });
    const { body } = await play(koaToWsgi(app), path("/m", "/a", "/m/a?b", "b"));
    expect(JSON.parse(body)).toEqual(["/a", "/a?b", "/m/a?b", "/m"]);
  });
});

describe("the headers", () => {
  const rawHeaders = ["Host", "h", "X-A", "1", "Cookie", "a=b", "Content-Type", "a/b"];

  it("REV-04: are the same in three forms, which look like those of Node's parser", async () => {
    const looks = (req: IncomingMessage) => [
      req.headers,
      req.rawHeaders,
      req.headersDistinct,
      proto(req.headers),
      proto(req.headersDistinct),
    ];
    const proto = (of: object) => Object.getPrototypeOf(of) === null;
    expect(await seen(looks, { rawHeaders })).toEqual([
      { host: "h", "x-a": "1", cookie: "a=b", "content-type": "a/b" },
      ["host", "h", "x-a", "1", "cookie", "a=b", "content-type", "a/b"],
      { host: ["h"], "x-a": ["1"], cookie: ["a=b"], "content-type": ["a/b"] },
      ...(await parsersShapes()),
    ]);
  });

  it("REV-04: an empty CONTENT_LENGTH becomes no header", async () => {
    expect(await seen((req) => "content-length" in req.headers, { keys: { CONTENT_LENGTH: "" } })).toBe(false);
  });

  it("REV-04: a header that middleware removed is missing", async () => {
    expect(await seen((req) => "x-a" in req.headers, { rawHeaders, keys: { HTTP_X_A: undefined } })).toBe(false);
  });

  it.each([
    ["8080", "http", "127.0.0.1:8080"],
    ["80", "http", "127.0.0.1"],
    ["443", "https", "127.0.0.1"],
    ["80", "https", "127.0.0.1:80"],
  ] as const)("REV-07: without Host, port %s and scheme %s give %s", async (serverPort, scheme, host) => {
    expect(await seen((req) => req.headers.host, { rawHeaders: [], serverPort, scheme })).toBe(host);
  });

  it("REV-14: the version is two numbers and a string", async () => {
    const versions = (req: IncomingMessage) => [req.httpVersion, req.httpVersionMajor, req.httpVersionMinor];
    expect(await seen(versions, { protocol: "HTTP/1.0" })).toEqual(["1.0", 1, 0]);
    expect(await seen(versions, { protocol: "HTTP/2" })).toEqual(["2.0", 2, 0]);
  });
});

/** Whether header objects have no prototype in this version of Node. */
function parsersShapes(): Promise<boolean[]> {
  return new Promise((resolve) => {
    const server = createServer((req, res) => {
      res.end();
      server.close();
      resolve([req.headers, req.headersDistinct].map((of) => Object.getPrototypeOf(of) === null));
    }).listen(0, "127.0.0.1", () => httpRequest({ port: (server.address() as AddressInfo).port }).end());
  });
}

describe("the socket", () => {
  it("REV-13: has the local and the remote address", async () => {
    const { socket } = await new Promise<IncomingMessage>((resolve) => {
      void play(toWsgi((req, res) => resolve(req) ?? res.end()));
    });
    expect(socket).toMatchObject({
      remoteAddress: "192.0.2.1",
      remotePort: 49152,
      remoteFamily: "IPv4",
      localAddress: "127.0.0.1",
      localPort: 8080,
    });
    expect(socket.address()).toEqual({ address: "127.0.0.1", family: "IPv4", port: 8080 });
    for (const method of ["setNoDelay", "setKeepAlive", "ref", "unref"] as const) expect(socket[method]()).toBe(socket);
    expect("getPeerCertificate" in socket).toBe(false);
  });

  it("REV-13: has the family IPv6 for an IPv6 address", async () => {
    const looks = ({ socket }: IncomingMessage) => [socket.remoteFamily, socket.localAddress, socket.address()];
    expect(await seen(looks, { remoteAddr: "::1", serverName: "[::1]" })).toEqual([
      "IPv6",
      "::1",
      { address: "::1", family: "IPv6", port: 8080 },
    ]);
  });

  it("REV-28: is encrypted if, and only if, the scheme is https", async () => {
    const app = express();
    app.use((req, res) => res.json([req.protocol, req.secure, "getPeerCertificate" in req.socket]));
    expect(JSON.parse((await play(toWsgi(app), { scheme: "https" })).body)).toEqual(["https", true, true]);
    expect(JSON.parse((await play(toWsgi(app))).body)).toEqual(["http", false, false]);
  });

  it("REV-13: has the client's certificate if the server passed it on", async () => {
    const keys = {
      SSL_CLIENT_CERT: `-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n`,
      SSL_PROTOCOL: "TLSv1.3",
    };
    type Tls = { getPeerCertificate(): { raw?: Buffer }; getProtocol(): string | null };
    const looks = (req: IncomingMessage) => {
      const socket = req.socket as unknown as Tls;
      return [socket.getPeerCertificate().raw?.toString("hex") ?? null, socket.getProtocol()];
    };
    expect(await seen(looks, { scheme: "https", keys })).toEqual(["000102", "TLSv1.3"]);
    expect(await seen(looks, { scheme: "https" })).toEqual([null, null]);
  });

  it("REV-28: works with Express's trust proxy like a real socket", async () => {
    const app = express().set("trust proxy", "192.0.2.1");
    app.use((req, res) => res.json([req.ip, req.protocol]));
    const rawHeaders = ["X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https"];
    expect(JSON.parse((await play(toWsgi(app), { rawHeaders })).body)).toEqual(["198.51.100.7", "https"]);
    const other = await play(toWsgi(app), { rawHeaders, remoteAddr: "192.0.2.2" });
    expect(JSON.parse(other.body)).toEqual(["192.0.2.2", "http"]);
  });

  it("REV-13: has Node's IPv4-mapped IPv6 address, if REMOTE_ADDR is still the IPv4 address", async () => {
    const mapped = { remoteAddr: "192.0.2.1", mappedAddr: "::ffff:192.0.2.1" };
    expect(await seen(({ socket }) => socket.remoteAddress, mapped)).toBe("::ffff:192.0.2.1");
    const keys = { REMOTE_ADDR: "192.0.2.2" };
    expect(await seen(({ socket }) => socket.remoteAddress, { ...mapped, keys })).toBe("192.0.2.2");
  });

  it("REV-28: has no address if the client has none", async () => {
    const looks = ({ socket }: IncomingMessage) => [`${socket.remoteAddress}`, `${socket.remotePort}`];
    expect(await seen(looks, { remoteAddr: "", remotePort: undefined })).toEqual(["undefined", "undefined"]);
  });

  it("REV-11: the request has no own body or ip, which would hide Express's", async () => {
    expect(await seen((req) => [Object.hasOwn(req, "body"), Object.hasOwn(req, "ip")])).toEqual([false, false]);
  });
});

describe("an invalid environ", () => {
  it.each([
    ["REQUEST_METHOD", undefined],
    ["REQUEST_METHOD", "GET /x"],
    ["SCRIPT_NAME", "m"],
    ["SCRIPT_NAME", "/m/"],
    ["SCRIPT_NAME", 5],
    ["PATH_INFO", "a"],
    ["PATH_INFO", "/\u0436"],
    ["QUERY_STRING", "a b"],
    ["QUERY_STRING", "a\r\nb"],
    ["SERVER_NAME", ""],
    ["SERVER_PORT", 80],
    ["SERVER_PORT", undefined],
    ["SERVER_PROTOCOL", "HTTP/1.1\r\n"],
    ["CONTENT_LENGTH", "+5"],
    ["CONTENT_LENGTH", 5],
    ["CONTENT_TYPE", "a/b\r\nX: y"],
    ["HTTP_X_A", "1\r\nX-B: 2"],
    ["HTTP_X_A", "\u0436"],
    ["HTTP_X_A", null],
    ["HTTP_X_A", 5],
    ["HTTP_X-A", "1"],
    ["HTTP_X A:", "1"],
    ["wsgi.url_scheme", "ftp"],
    ["wsgi.input", undefined],
    ["wsgi.input", {}],
    ["wsgi.errors", undefined],
  ])("SEC-24: %s of %j is refused before the app sees it", (key, value) => {
    let called = false;
    const app = toWsgi(() => {
      called = true;
    });
    const environ = environOf({ keys: { [key]: value } });
    expect(() => app(environ, () => () => Promise.resolve())).toThrow(EnvironError);
    expect(() => app(environ, () => () => Promise.resolve())).toThrow(JSON.stringify(key));
    expect(called).toBe(false);
  });

  it("the message shows no value of a header, which may be a session cookie", () => {
    const environ = environOf({ keys: { HTTP_COOKIE: "session=hunter2\r\n" } });
    const call = () => toWsgi(() => undefined)(environ, () => () => Promise.resolve());
    expect(call).toThrow(
      'environ["HTTP_COOKIE"] must be bytes as latin-1 without control characters, got other characters',
    );
  });

  it("SEC-24: a value that is not an object is refused, too", () => {
    expect(() => toWsgi(() => undefined)(null as never, () => () => Promise.resolve())).toThrow(EnvironError);
  });

  it("PEP 3333: keys that may be empty may be missing", async () => {
    const keys = { SCRIPT_NAME: undefined, QUERY_STRING: undefined, REMOTE_ADDR: undefined, REQUEST_URI: undefined };
    expect(await seen((req) => req.url, { keys })).toBe("/a");
  });
});
