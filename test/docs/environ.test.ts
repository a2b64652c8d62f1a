/** docs/environ.md: real servers are requested, and what the page says of the environ is compared with what arrives. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTlsServer, request as requestTls } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import express5 from "express";
import express4 from "express4";
import Koa3, { type Context } from "koa";
import mount from "koa-mount";
import Koa2 from "koa2";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Environ, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { percentDecode } from "../../src/wsgi/path.ts";
import { startPython } from "../support/python.ts";
import { listen, raw } from "../support/server.ts";
import {
  http2Request,
  http2Session,
  listenOn,
  makeCertificate,
  rawTo,
  temporaryFolder,
} from "../support/transports.ts";
import { request as fastcgiRequest, serve as serveWebServer, type Vars } from "../support/web-server.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/environ.md");
const workspace = new Workspace();

/** The rows of all tables with this header, cell by cell. */
function table(...header: string[]): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of page.text.split("\n")) {
    if (line === `| ${header.join(" | ")} |`) inside = true;
    else if (!line.startsWith("|")) inside = false;
    else if (inside && !line.startsWith("| ---")) rows.push(cells(line));
  }
  if (rows.length === 0) throw new Error(`no table with the header ${header.join(", ")}`);
  return rows;
}

function cells(line: string): string[] {
  return line.slice(2, -2).split(" | ");
}

/** What stands in backquotes. */
const quoted = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

/** An app that keeps the environs that it was called with. */
function recorder(): { app: WsgiApp; environs: Environ[]; last(): Environ } {
  const environs: Environ[] = [];
  const app: WsgiApp = async (environ, startResponse) => {
    environs.push(environ);
    await environ["wsgi.input"].read();
    startResponse("200 OK", []);
    return [Buffer.from(environ.PATH_INFO, "latin1")];
  };
  return { app, environs, last: () => environs.at(-1) as Environ };
}

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The environ that a plain server makes of a raw request. */
async function environOf(request: string, options = {}): Promise<Environ> {
  const { app, last, environs } = recorder();
  const server = await listen(fromWsgi(app, { logger, ...options }));
  const { head } = await raw(server.port, request);
  await server.close();
  if (environs.length === 0) throw new Error(`refused: ${head.split("\r\n", 1)}`);
  return last();
}

const get = (target: string, headers = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: shop.example:8000\r\n${headers}Connection: close\r\n\r\n`;
const post = (headers: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: shop.example:8000\r\n${headers}Connection: close\r\n\r\n${body}`;

/** Environs of the three kinds of connections: TCP with all that a request can have, a unix socket with nothing, TLS. */
let full: Environ;
let bare: Environ;
let secure: Environ;

let certificate: { key: Buffer; cert: Buffer };

/** A TLS request whose client shows a certificate. */
function showCertificate(port: number, key = certificate): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false, agent: false as const, ...key };
    const request = requestTls(options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject).end();
  });
}

it("collects environs over TCP, a unix socket and TLS", async () => {
  full = await environOf(post("Content-Type: text/plain\r\nContent-Length: 2\r\n", "hi"));
  const { app, environs } = recorder();
  const path = join(temporaryFolder(), "socket");
  await listenOn(createServer(fromWsgi(app)), { path });
  await rawTo({ path }, "GET / HTTP/1.0\r\n\r\n");
  certificate = makeCertificate("localhost");
  const tls = createTlsServer({ ...certificate, requestCert: true, rejectUnauthorized: false }, fromWsgi(app));
  await listenOn(tls, { port: 0, host: "127.0.0.1" });
  await showCertificate((tls.address() as AddressInfo).port);
  [bare, secure] = environs as [Environ, Environ];
});

it("the example: the request is sent as shown, and every line of its environ is right", async () => {
  const url = new URL(await workspace.run(page.take("js", "toSorted")).url());
  const request = page.take("text", "POST /shop").trimEnd().replaceAll("\n", "\r\n");
  const { body } = await raw(Number(url.port), request);
  const lines = Buffer.from(body, "latin1").toString();
  const shown = page.take("text", "PATH_INFO = ");
  expect(lines).toMatch(new RegExp(`^SERVER_PORT = "${url.port}"$`, "m"));
  const masked = (text: string): string => text.replace(/^((?:SERVER|REMOTE)_PORT) = "\d+"$/gm, "$1");
  expect(masked(lines)).toBe(masked(shown));
});

describe("CGI keys", () => {
  const rows = table("key", "there", "value").filter(
    ([key, there]) => !/SSL_|wsgi/.test(key as string) && there !== "if the scheme is `https`",
  );

  it("the table has every key that arrives beside headers", () => {
    const plain = (environ: Environ): string[] => Object.keys(environ).filter((key) => !/^HTTP_|^SSL_|\./.test(key));
    const arrived = new Set([...plain(full), ...plain(bare), ...plain(secure)]);
    const named = rows.flatMap(([key]) => quoted(key)).filter((key) => key !== "HTTP_*");
    expect(new Set(named)).toEqual(arrived);
  });

  it.each(rows)("%s is there: %s", (cell, there) => {
    const key = quoted(cell)[0] as string;
    const has = (environ: Environ): boolean =>
      Object.keys(environ).some((name) => name.startsWith(key.replace("*", "")));
    const where = { always: [true, true, true], "over TCP": [true, false, true], "over https": [false, false, true] };
    const given = { "if sent": [true, false], "if known": [true, false] };
    if (there !== undefined && there in given) {
      expect([has(full), has(bare)]).toEqual(given[there as keyof typeof given]);
    } else {
      expect([has(full), has(bare), has(secure)]).toEqual(where[there as keyof typeof where]);
    }
  });

  it.each<[key: string, says: string, full: string, bare: string]>([
    ["REQUEST_METHOD", "case is kept", "POST", "GET"],
    ["SERVER_NAME", "else `localhost`", "127.0.0.1", "localhost"],
    ["SERVER_PORT", "else 80 or 443", "\\d+", "80"],
    ["SERVER_PROTOCOL", "`HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`", "HTTP/1.1", "HTTP/1.0"],
    ["GATEWAY_INTERFACE", "`CGI/1.1`", "CGI/1.1", "CGI/1.1"],
    ["SERVER_SOFTWARE", "`wsgi-bridge`", "wsgi-bridge", "wsgi-bridge"],
    ["REMOTE_ADDR", '`""` on a unix socket', "127.0.0.1", ""],
    ["REQUEST_URI", "not decoded", "/", "/"],
    ["RAW_URI", "gunicorn", "/", "/"],
  ])("%s: %s", (key, says, tcp, unix) => {
    expect(rows.find(([cell]) => cell === `\`${key}\``)?.[2]).toContain(says);
    expect(full[key]).toMatch(new RegExp(`^${tcp}$`));
    expect(bare[key]).toBe(unix);
  });

  it("addresses: IPv6 in brackets for the server and without for the client; on a unix socket Host names the server", async () => {
    const { app, last } = recorder();
    const path = join(temporaryFolder(), "socket");
    await listenOn(createServer(fromWsgi(app)), { path });
    await rawTo({ path }, "GET / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\nConnection: close\r\n\r\n");
    expect(last()).toMatchObject({ SERVER_NAME: "[2001:db8::1]", SERVER_PORT: "81", REMOTE_ADDR: "" });
    const server = createServer(fromWsgi(app));
    await listenOn(server, { port: 0, host: "::1" });
    await rawTo({ port: (server.address() as AddressInfo).port, host: "::1" }, get("/"));
    expect(last()).toMatchObject({ SERVER_NAME: "[::1]", REMOTE_ADDR: "::1" });
  });
});

/** What a cell of the table of sources evaluates to: its expression, and the words around it. */
function said(cell: string, of: { req?: unknown; ctx?: unknown }, special: Record<string, string>): string {
  const decoded = (value: string): string => (cell.endsWith(", decoded") ? percentDecode(value) : value);
  for (const [words, value] of Object.entries(special)) if (cell.includes(words)) return decoded(value);
  const expression = quoted(cell).find((text) => /^(req|ctx)\./.test(text));
  if (expression === undefined) return JSON.parse(quoted(cell)[0] as string) as string;
  const value = String(new Function("req", "ctx", `return ${expression}`)(of.req, of.ctx));
  const [path = "", query = ""] = value.split("?");
  if (cell.startsWith("path of")) return decoded(path);
  if (cell.startsWith("query of")) return query;
  if (cell.startsWith("`HTTP/` and")) return `HTTP/${value}`;
  return decoded(value);
}

describe("where the values come from", () => {
  const rows = table("key", "Express 4 and 5", "Koa 2 and 3", "`node:http`, `node:http2`");
  const FORWARDED =
    "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.example:8443, b\r\n";
  const MOUNT = "/sh%C3%B6p";
  const TARGET = `${MOUNT}/caf%C3%A9%2Fb?size=m&q=%20`;
  const keys = rows.map(([key]) => quoted(key)[0] as string);

  /** The environ's values, and the page's. */
  const compare = (environ: Environ, values: string[]): void =>
    expect(keys.map((key, i) => [key, values[i]])).toEqual(keys.map((key) => [key, environ[key]]));

  it.each([
    ["Express 5", express5, false],
    ["Express 5", express5, true],
    ["Express 4", express4 as unknown as typeof express5, true],
  ])("%s (%#): trust proxy %s", async (_, express, trust) => {
    const { app, last } = recorder();
    let values: string[] = [];
    const site = express();
    site.set("trust proxy", trust);
    site.use(MOUNT, (req, _res, next) => {
      Object.assign(req, { id: "named-7" });
      const host = trust ? "public.example:8443" : "shop.example:8000";
      values = rows.map((row) => said(row[1] as string, { req }, { "Host; with": host }));
      next();
    });
    site.use(MOUNT, fromWsgi(app));
    const server = await listen(createServer(site));
    await raw(server.port, get(TARGET, FORWARDED));
    await server.close();
    compare(last(), values);
    expect(last()).toMatchObject({ REMOTE_ADDR: trust ? "192.0.2.9" : "127.0.0.1", PATH_INFO: "/caf\xc3\xa9/b" });
    expect(last().HTTPS).toBe(trust ? "on" : undefined);
  });

  it.each([
    ["Koa 3", Koa3, false],
    ["Koa 3", Koa3, true],
    ["Koa 2", Koa2 as unknown as typeof Koa3, true],
  ])("%s (%#): app.proxy %s", async (_, Koa, proxy) => {
    const { app, last } = recorder();
    let values: string[] = [];
    const site = new Koa();
    site.proxy = proxy;
    const bridge = koaFromWsgi(app);
    const probe = (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
      Object.assign(ctx.req, { id: "named-7" });
      const removed = (ctx.originalUrl.split("?")[0] as string).slice(0, -ctx.path.length);
      values = rows.map((row) => said(row[2] as string, { ctx }, { "koa-mount has removed": removed }));
      return bridge(ctx, next);
    };
    site.use(mount(MOUNT, probe));
    const server = await listen(site.callback());
    await raw(server.port, get(TARGET, FORWARDED));
    await server.close();
    compare(last(), values);
    expect(last()).toMatchObject({ SCRIPT_NAME: "/sh\xc3\xb6p", REMOTE_ADDR: proxy ? "192.0.2.9" : "127.0.0.1" });
  });

  it.each(["/shop?x=1", "http://other.example/shop?x=1"])("node:http: GET %s", async (target) => {
    const { app, last } = recorder();
    let values: string[] = [];
    const bridge = fromWsgi(app);
    const server = await listen((req, res) => {
      Object.assign(req, { id: "named-7" });
      const host = target.startsWith("/") ? "shop.example:8000" : "other.example";
      const special = { "`https` over TLS": "http", "authority of": host };
      // The path of an absolute target is what follows its authority.
      const origin = Object.assign(Object.create(req) as IncomingMessage, { url: "/shop?x=1" });
      values = rows.map((row) => said(row[3] as string, { req: row[0] === "`REQUEST_URI`" ? req : origin }, special));
      bridge(req, res);
    });
    await raw(server.port, get(target, FORWARDED));
    await server.close();
    compare(last(), values);
  });

  it("node:http2, where :authority is the Host", async () => {
    const { app, last } = recorder();
    let values: string[] = [];
    const bridge = fromWsgi(app);
    const server = createHttp2Server((req, res) => {
      Object.assign(req, { id: "named-7" });
      const special = { "`https` over TLS": "http", "authority of": "shop.example" };
      values = rows.map((row) => said(row[3] as string, { req }, special));
      bridge(req as never, res as never);
    });
    await listenOn(server, { port: 0, host: "127.0.0.1" });
    const session = http2Session(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await http2Request(session, { ":path": "/caf%C3%A9?x", ":authority": "shop.example", cookie: ["a=1", "b=2"] });
    compare(last(), values);
    expect(last()).toMatchObject({ SERVER_PROTOCOL: "HTTP/2.0", HTTP_COOKIE: "a=1; b=2" });
  });

  it("Express and Koa: PATH_INFO is empty for the bare mount path, where req.path and ctx.path are a slash", async () => {
    const { app, last } = recorder();
    const site = express5().use("/shop", fromWsgi(app));
    const koa = new Koa3().use(mount("/shop", koaFromWsgi(app)));
    for (const handler of [site, koa.callback()]) {
      const server = await listen(createServer(handler));
      await raw(server.port, get("/shop"));
      await server.close();
      expect(last()).toMatchObject({ SCRIPT_NAME: "/shop", PATH_INFO: "" });
    }
  });

  it("Connect: REQUEST_URI from originalUrl, Host from Host, and a target of two readings is a 400", async () => {
    const { app, last, environs } = recorder();
    const bridge = fromWsgi(app);
    const server = await listen((req, res) => {
      const asConnect = Object.assign(req, { originalUrl: req.url, url: req.url?.replace("/shop", "") });
      bridge(asConnect, res, (error) => void res.writeHead((error as { status: number }).status).end());
    });
    await raw(server.port, get("/shop/a?x"));
    expect(last()).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/a", REQUEST_URI: "/shop/a?x" });
    await raw(server.port, get("http://other.example/a"));
    expect(last()).toMatchObject({ HTTP_HOST: "shop.example:8000", PATH_INFO: "/a" });
    expect((await raw(server.port, get("ftp://other.example/a"))).head).toMatch(/^HTTP\/1\.1 400 /);
    expect(environs).toHaveLength(2);
    await server.close();
  });
});

describe("headers", () => {
  it.each(table("header", "key", "value"))("%s is %s = %s", async (header, key, value) => {
    const lines = quoted(header).map((line) => `${line}\r\n`);
    const environ = await environOf(get("/", lines.join("")));
    expect(environ[quoted(key)[0] as string]).toBe(JSON.parse(quoted(value)[0] as string));
  });

  it("bytes above 127 come as they are; a second Host, Content-Type or Content-Length is a 400", async () => {
    expect((await environOf(get("/", "X-Name: caf\xc3\xa9\r\n"))).HTTP_X_NAME).toBe("caf\xc3\xa9");
    for (const header of [
      "Host: a",
      "Content-Type: a/b\r\nContent-Type: a/b",
      "Content-Length: 0\r\nContent-Length: 0",
    ])
      await expect(environOf(get("/", `${header}\r\n`))).rejects.toThrow("refused: HTTP/1.1 400");
  });

  const dropped = table("header", "why");

  it.each(dropped)("%s is dropped: %s", async (header) => {
    const names = header?.startsWith("any name") ? ["X_A", "X.A", "X~A"] : quoted(header);
    for (const name of names) {
      if (name === "Connection" || name === "Transfer-Encoding") continue; // they have values of their own, below
      const environ = await environOf(get("/", `${name}: dropped\r\n`));
      expect(Object.values(environ)).not.toContain("dropped");
    }
    const chunked = await environOf(post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    expect(Object.keys(chunked).filter((key) => /CONNECTION|TRANSFER/.test(key))).toEqual([]);
  });

  it("the table has the names that the source drops, and the list those that stripForwarded drops", () => {
    const source = readFileSync(join(ROOT, "src/wsgi/names.ts"), "utf8");
    const setOf = (name: string): string[] => {
      const body = new RegExp(`const ${name}.*?\\[(.*?)\\]`, "s").exec(source)?.[1] ?? "";
      return [...body.matchAll(/"([^"]+)"/g)].map((match) => match[1] as string).toSorted();
    };
    const named = dropped.slice(1).flatMap(([header]) => quoted(header).map((name) => name.toLowerCase()));
    expect(named.toSorted()).toEqual(setOf("DROPPED"));
    const listed = page.take("text", "CF-Connecting-IP").trim().split(/\s+/);
    const keys = listed.map((name) => `HTTP_${name.toUpperCase().replaceAll("-", "_")}`);
    expect(keys.toSorted()).toEqual(setOf("FORWARDED"));
  });

  it("stripForwarded drops X-Forwarded-* and X-Real-IP, and nothing without it", async () => {
    const request = get("/", "X-Forwarded-Anything: 1\r\nX-Real-IP: 1\r\nX-Request-Id: 1\r\n");
    expect(await environOf(request)).toMatchObject({ HTTP_X_FORWARDED_ANYTHING: "1", HTTP_X_REAL_IP: "1" });
    const stripped = Object.keys(await environOf(request, { stripForwarded: true }));
    expect(stripped.filter((key) => key.startsWith("HTTP_X"))).toEqual(["HTTP_X_REQUEST_ID"]);
  });
});

describe("a Python app", () => {
  const ASK = `import json

def app(environ, start_response):
    body = environ["wsgi.input"].read().decode()
    start_response("200 OK", [("Content-Type", "application/json")])
    kinds = (str, bool, int)
    shown = {key: value if isinstance(value, kinds) else repr(value) for key, value in environ.items()}
    return [json.dumps({"body": body, "environ": shown}).encode()]
`;
  let ask: (request: string, options?: object) => Promise<{ body: string; environ: Record<string, unknown> }>;

  beforeAll(() => void workspace.write("legacy/ask.py", ASK));

  function start(threads = 1, processes = 1): void {
    const app = startPython("ask:app", { directory: join(workspace.folder, "legacy"), threads, processes });
    ask = async (request, options = {}) => {
      const server = await listen(fromWsgi(app, { logger, ...options }));
      const answer = await raw(server.port, request);
      await server.close();
      if (!answer.head.startsWith("HTTP/1.1 200")) throw new Error(answer.head);
      return JSON.parse(answer.body);
    };
  }

  /** From the page's words to a request, what a JavaScript app has of its length, and what a Python app has. */
  const BODIES: Record<string, [request: string, js: string | undefined, python: string | undefined, body: string]> = {
    "without a body": [get("/"), undefined, undefined, ""],
    "`Content-Length: 0`": [post("Content-Length: 0\r\n", ""), "0", "0", ""],
    "`Content-Length: 2`": [post("Content-Length: 2\r\n", "hi"), "2", "2", "hi"],
    "`Transfer-Encoding: chunked`": [
      post("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"),
      undefined,
      "3",
      "hi!",
    ],
  };

  it("the body: CONTENT_LENGTH as the table has it, in JavaScript and in Python", async () => {
    start();
    const rows = table("request", "JavaScript app", "Python app").map(([request]) => request as string);
    expect(rows).toEqual([...Object.keys(BODIES), "read by a body parser before"]);
    for (const [request, js, python, body] of Object.values(BODIES)) {
      expect((await environOf(request)).CONTENT_LENGTH).toBe(js);
      const answer = await ask(request);
      expect(answer.environ.CONTENT_LENGTH).toBe(python);
      expect(answer.body).toBe(body);
    }
    const empty = await ask(post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    expect(empty.environ).not.toHaveProperty("CONTENT_LENGTH");
  });

  it("the body: the length of what a body parser left, and no HTTP_CONTENT_ENCODING", async () => {
    const { app, last } = recorder();
    const site = express5().use(express5.json(), fromWsgi(app));
    const server = await listen(createServer(site));
    await raw(
      server.port,
      post("Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Length: 9\r\n", '{ "a":1 }'),
    );
    await server.close();
    expect(last()).toMatchObject({ CONTENT_LENGTH: String('{"a":1}'.length) });
    expect(last()).not.toHaveProperty("HTTP_CONTENT_ENCODING");
  });

  it("wsgi keys: the table has all of them, and the values of both sides", async () => {
    start(2, 1);
    const rows = table("key", "JavaScript app", "Python app");
    const js = await environOf(get("/"));
    const { environ: python } = await ask(get("/"));
    const wsgi = (environ: object): string[] => Object.keys(environ).filter((key) => key.startsWith("wsgi."));
    const named = rows.map(([key]) => quoted(key)[0] as string);
    expect(named.toSorted()).toEqual(wsgi(js).toSorted());
    expect(named.toSorted()).toEqual(wsgi(python).toSorted());
    const cell = (key: string, column: number): string | undefined =>
      rows.find(([name]) => name === `\`${key}\``)?.[column];
    for (const key of ["wsgi.version", "wsgi.run_once", "wsgi.input_terminated", "wsgi.multithread"])
      expect(cell(key, 1)?.split("`")[1]).toBe(JSON.stringify(js[key]).replace(",", ", "));
    expect(cell("wsgi.version", 2)).toBe(`\`${python["wsgi.version"]}\``);
    expect([python["wsgi.run_once"], python["wsgi.input_terminated"]]).toEqual([false, true]);
    // "threads > 1", "processes > 1", "true under node:cluster"
    expect([python["wsgi.multithread"], python["wsgi.multiprocess"], js["wsgi.multiprocess"]]).toEqual([
      true,
      false,
      false,
    ]);
    expect([cell("wsgi.multithread", 2), cell("wsgi.multiprocess", 2)]).toEqual([
      "`threads` > 1",
      "`processes` > 1, or `node:cluster`",
    ]);
    for (const name of ["read", "read1", "readline", "readlines"]) {
      expect(cell("wsgi.input", 1)).toContain(`\`${name}\``);
      expect(js["wsgi.input"]).toHaveProperty(name);
    }
    expect(python.SERVER_SOFTWARE).toMatch(/^wsgi-bridge Python\/3\.\d+$/);
  });

  it("what reaches it: strings do, other values do not, and a character that is no byte is a 500", async () => {
    start();
    const given = { REMOTE_USER: "zoe", "shop.a": "text", "shop.b": {}, "shop.c": 1, "wsgi.mine": "x", HTTPS: "on" };
    const { environ } = await ask(get("/"), { environ: () => given });
    expect(environ).toMatchObject({ REMOTE_USER: "zoe", "shop.a": "text", "wsgi.url_scheme": "http" });
    for (const key of ["shop.b", "shop.c", "wsgi.mine", "HTTPS"]) expect(environ).not.toHaveProperty([key]);
    await expect(ask(get("/"), { environ: () => ({ "shop.a": "\u0436" }) })).rejects.toThrow("HTTP/1.1 500");
    expect(environ).toHaveProperty(["wsgi_bridge.client_disconnected"]);
  });

  it("the program: the list of keys is what its app answers", async () => {
    workspace.write("legacy/keys.py", page.take("python", "sorted(environ)"));
    const url = await workspace.run(page.take("js", "keys:app")).url();
    expect(await (await fetch(url)).text()).toBe(page.take("text", "shop.currency str"));
  });
});

describe("TLS", () => {
  it("the keys are those of the table, with such values; none of them without TLS", () => {
    const names = table("key", "there", "value").flatMap(([key]) =>
      quoted(key).filter((name) => name.startsWith("SSL_")),
    );
    const ssl = (environ: Environ): string[] => Object.keys(environ).filter((key) => key.startsWith("SSL_"));
    expect(ssl(secure).toSorted()).toEqual(names.toSorted());
    expect(ssl(full)).toEqual([]);
    expect(secure).toMatchObject({ HTTPS: "on", SSL_PROTOCOL: "TLSv1.3", SSL_CIPHER: "TLS_AES_256_GCM_SHA384" });
    expect(String(secure.SSL_CLIENT_CERT).replace(/\s/g, "")).toBe(String(certificate.cert).replace(/\s/g, ""));
  });

  it("none of them where a proxy has ended TLS", async () => {
    const { app, last } = recorder();
    const server = await listen(createServer(express5().set("trust proxy", true).use(fromWsgi(app))));
    await raw(server.port, get("/", "X-Forwarded-Proto: https\r\n"));
    await server.close();
    expect(last()["wsgi.url_scheme"]).toBe("https");
    expect(Object.keys(last()).filter((key) => key.startsWith("SSL_"))).toEqual([]);
  });

  it("the program: a certificate that nobody has verified is told from one that was", async () => {
    workspace.write("key.pem", String(certificate.key));
    workspace.write("cert.pem", String(certificate.cert));
    const code = page.take("js", "SSL_CLIENT_VERIFY");
    const { port } = new URL(await workspace.run(code).url());
    expect(await showCertificate(Number(port))).toBe("NONE over TLSv1.3\n");
    const trusting = code.replace("requestCert: true", 'requestCert: true, ca: readFileSync("cert.pem")');
    const second = new URL(await workspace.run(trusting).url());
    expect(await showCertificate(Number(second.port))).toBe("SUCCESS over TLSv1.3\n");
  });
});

describe("wsgi_bridge keys", () => {
  const rows = table("key", "there", "value").filter(([key]) => key?.startsWith("`wsgi_bridge."));

  it("the table has those that arrive", async () => {
    const { app, last } = recorder();
    const server = createServer(fromWsgi(app));
    await listenOn(server, { port: 0, host: "::" });
    await rawTo({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }, get("/"));
    expect(last()).toMatchObject({ REMOTE_ADDR: "127.0.0.1", "wsgi_bridge.mapped_addr": "::ffff:127.0.0.1" });
    expect(full).not.toHaveProperty(["wsgi_bridge.mapped_addr"]);
    const arrived = Object.keys(last()).filter((key) => key.startsWith("wsgi_bridge."));
    const named = rows.map(([key]) => quoted(key)[0]).filter((key) => key !== "wsgi_bridge.client_disconnected");
    expect(named.toSorted()).toEqual(arrived.toSorted()); // the third: see "what reaches it"
  });

  it.each<[header: string, id: unknown, taken: string | RegExp]>([
    ["trace-7", undefined, "trace-7"],
    ["trace-7", "named", "named"],
    ["trace-7", 12, "12"],
    ["trace-7", "12", "trace-7"],
    ["1234567890123456", undefined, /^\d{1,8}$/],
    ["12345678901234567", undefined, "12345678901234567"],
    ["a b", undefined, /^\d{1,8}$/],
    ["a[b", undefined, /^\d{1,8}$/],
    ["a]b", undefined, /^\d{1,8}$/],
    ["a\xe9", undefined, /^\d{1,8}$/],
    ["x".repeat(128), undefined, "x".repeat(128)],
    ["x".repeat(129), undefined, /^\d{1,8}$/],
  ])("the request's id with X-Request-Id %j and req.id %j", async (header, id, taken) => {
    const { app, last } = recorder();
    const bridge = fromWsgi(app);
    const server = await listen((req, res) => bridge(Object.assign(req, { id }), res));
    await raw(server.port, get("/", `X-Request-Id: ${header}\r\n`));
    await server.close();
    expect(last()["wsgi_bridge.request_id"]).toEqual(typeof taken === "string" ? taken : expect.stringMatching(taken));
  });
});

describe("behind a web server", () => {
  const BASE: Vars = {
    REQUEST_METHOD: "POST",
    SCRIPT_NAME: "/shop/a b",
    PATH_INFO: "",
    REQUEST_URI: "/shop/a%20b?x=1",
    QUERY_STRING: "x=1",
    SERVER_NAME: "shop.example",
    SERVER_PORT: "8443",
    SERVER_PROTOCOL: "HTTP/2.0",
    REMOTE_ADDR: "192.0.2.1",
    REMOTE_PORT: "5000",
    HTTPS: "on",
    CONTENT_TYPE: "a/b",
    CONTENT_LENGTH: "0",
    HTTP_HOST: "host.example:9",
    HTTP_X_TAG: "1",
    HTTP_TE: "trailers",
    GATEWAY_INTERFACE: "CGI/9",
    SERVER_SOFTWARE: "nginx",
    REMOTE_USER: "zoe",
    AUTH_TYPE: "Basic",
    SERVER_ADDR: "10.0.0.1",
    REQUEST_SCHEME: "https",
    SSL_ANYTHING: "1",
    MY_NAME: "1",
    my_name: "1",
  };
  const without = (...names: string[]): Vars =>
    Object.fromEntries(Object.entries(BASE).map(([name, value]) => [name, names.includes(name) ? "" : value]));

  /** The environ that serveFastcgi makes of a web server's parameters. */
  async function environFrom(vars: Vars, scriptName = "/shop"): Promise<Environ> {
    const { app, last, environs } = recorder();
    const served = await serveWebServer(app, { scriptName });
    const answer = await (await served.open()).answer(fastcgiRequest(vars));
    await served.close();
    if (environs.length === 0) throw new Error(answer.split("\r\n", 1)[0]);
    return last();
  }

  const EXPECTED: Record<string, [vars: Vars, environ: Record<string, unknown>, scriptName?: string][]> = {
    REQUEST_METHOD: [[BASE, { REQUEST_METHOD: "POST" }]],
    SCRIPT_NAME: [
      [BASE, { SCRIPT_NAME: "/shop" }],
      [BASE, { SCRIPT_NAME: "", PATH_INFO: "/shop/a b" }, ""],
    ],
    PATH_INFO: [
      [BASE, { PATH_INFO: "/a b" }],
      [{ ...BASE, SCRIPT_NAME: "/", PATH_INFO: "/shop/c" }, { PATH_INFO: "/c" }],
      [{ ...without("SCRIPT_NAME"), REQUEST_URI: "/shop/%C3%A9" }, { PATH_INFO: "/\xc3\xa9" }],
    ],
    QUERY_STRING: [[{ ...BASE, QUERY_STRING: "y" }, { QUERY_STRING: "y" }]],
    REQUEST_URI: [
      [BASE, { REQUEST_URI: "/shop/a%20b?x=1", RAW_URI: "/shop/a%20b?x=1" }],
      [without("REQUEST_URI"), { REQUEST_URI: "/shop/a%20b?x=1" }],
    ],
    SERVER_NAME: [
      [BASE, { SERVER_NAME: "shop.example" }],
      [without("SERVER_NAME"), { SERVER_NAME: "host.example" }],
    ],
    SERVER_PORT: [
      [BASE, { SERVER_PORT: "8443" }],
      [without("SERVER_PORT"), { SERVER_PORT: "443" }],
      [without("SERVER_PORT", "HTTPS", "REQUEST_SCHEME"), { SERVER_PORT: "80" }],
    ],
    SERVER_PROTOCOL: [
      [BASE, { SERVER_PROTOCOL: "HTTP/2.0" }],
      [without("SERVER_PROTOCOL"), { SERVER_PROTOCOL: "HTTP/1.1" }],
    ],
    REMOTE_ADDR: [
      [BASE, { REMOTE_ADDR: "192.0.2.1" }],
      [{ ...BASE, REMOTE_ADDR: "unix:" }, { REMOTE_ADDR: "" }],
    ],
    REMOTE_PORT: [[BASE, { REMOTE_PORT: "5000" }]],
    "wsgi.url_scheme": [
      [
        { ...BASE, HTTPS: "on", REQUEST_SCHEME: "http" },
        { "wsgi.url_scheme": "https", HTTPS: "on" },
      ],
      [{ ...BASE, HTTPS: "1" }, { "wsgi.url_scheme": "https" }],
      [
        { ...BASE, HTTPS: "off" },
        { "wsgi.url_scheme": "http", HTTPS: undefined },
      ],
      [without("HTTPS"), { "wsgi.url_scheme": "https" }],
    ],
    CONTENT_TYPE: [
      [BASE, { CONTENT_TYPE: "a/b", CONTENT_LENGTH: "0" }],
      [without("CONTENT_TYPE", "CONTENT_LENGTH"), { CONTENT_TYPE: undefined, CONTENT_LENGTH: undefined }],
    ],
    "HTTP_*": [[BASE, { HTTP_X_TAG: "1", HTTP_HOST: "host.example:9", HTTP_TE: undefined }]],
    GATEWAY_INTERFACE: [[BASE, { GATEWAY_INTERFACE: "CGI/1.1", SERVER_SOFTWARE: "wsgi-bridge" }]],
    REMOTE_USER: [
      [
        BASE,
        {
          REMOTE_USER: "zoe",
          AUTH_TYPE: "Basic",
          SERVER_ADDR: "10.0.0.1",
          REQUEST_SCHEME: "https",
          SSL_ANYTHING: "1",
          MY_NAME: "1",
        },
      ],
    ],
  };

  it("every row of the table is checked", () => {
    expect(table("key", "from").map(([key]) => quoted(key)[0])).toEqual(Object.keys(EXPECTED));
  });

  it.each(Object.keys(EXPECTED))("%s", async (key) => {
    for (const [vars, expected, scriptName] of EXPECTED[key] ?? []) {
      const environ = await environFrom(vars, scriptName);
      for (const [name, value] of Object.entries(expected)) expect([name, environ[name]]).toEqual([name, value]);
    }
  });

  it("QUERY_STRING that the web server does not give is that of REQUEST_URI", async () => {
    const { QUERY_STRING: _, ...vars } = BASE;
    expect((await environFrom(vars)).QUERY_STRING).toBe("x=1");
  });

  it("never taken over: the names that the page lists", async () => {
    const sentence = /^Never taken over: ([\s\S]*?)\n\n/m.exec(page.text)?.[1] ?? "";
    const patterns = quoted(sentence);
    expect(patterns).toHaveLength(9);
    const names = patterns.map((pattern) => pattern.replace("*", "FILENAME"));
    const environ = await environFrom({ ...BASE, ...Object.fromEntries(names.map((name) => [name, "never"])) });
    expect(Object.values(environ)).not.toContain("never");
    expect(environ).not.toHaveProperty("my_name");
  });
});

it("remote servers: the names that are removed are those of the source", () => {
  const source = readFileSync(join(ROOT, "src/wsgi/steering.ts"), "utf8");
  const names = (/\/\^\(([^)]*)\)\/i/.exec(source)?.[1] ?? "").split("|");
  const sentence = /could control such a server are removed: ([^.]*)\./.exec(page.text.replaceAll("\n", " "))?.[1];
  const expected = names.map((name) => (name.endsWith("$") ? name.slice(0, -1) : `${name}*`));
  expect(quoted(sentence).toSorted()).toEqual(expected.toSorted());
});

it("what is never there is not there, whatever headers a client sends", async () => {
  const rows = table("key", "why").flatMap(([key]) => quoted(key));
  expect(rows.length).toBeGreaterThan(12);
  const headers = rows.filter((key) => /^[A-Z_]+$/.test(key)).map((key) => key.replace(/^HTTP_/, ""));
  const spellings = headers.flatMap((name) => [name, name.replaceAll("_", "-"), name.toLowerCase()]);
  const lines = spellings.filter((name) => !/^content/i.test(name)).map((name) => `${name}: spoofed\r\n`);
  const environ = await environOf(get("/", lines.join("")));
  for (const key of rows) expect(environ).not.toHaveProperty([key]);
});

describe("requests that have no environ", () => {
  /** From the page's words to requests. `Connection: close` is left out: a refused request closes its connection. */
  const host = "Host: a\r\n";
  const big = (count: number): string => "x".repeat(count);
  const REFUSED: Record<string, string[]> = {
    "more than one Host, Content-Type or Content-Length; a Host that is not a host name or address": [
      `GET / HTTP/1.1\r\n${host}${host}\r\n`,
      `GET / HTTP/1.1\r\n${host}Content-Type: a/b\r\nContent-Type: a/c\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    ],
    "a Content-Length that is not digits, or together with a Transfer-Encoding; a Transfer-Encoding over HTTP/1.0": [
      `POST / HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\na`,
      `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    "`%00` in the path": [`GET /a%00 HTTP/1.1\r\n${host}\r\n`],
    "a body longer than `maxBodySize`": [`POST / HTTP/1.1\r\n${host}Content-Length: 11\r\n\r\n${big(11)}`],
    "a target longer than 64 KiB": [`GET /${big(64 * 1024)} HTTP/1.1\r\n${host}\r\n`],
    "more than 256 header fields, more than 64 KiB in one, more than 256 KiB in all": [
      `GET / HTTP/1.1\r\n${host}${"X-A: 1\r\n".repeat(256)}\r\n`,
      `GET / HTTP/1.1\r\n${host}X-A: ${big(64 * 1024 + 1)}\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}${`X-A: ${big(60 * 1024)}\r\n`.repeat(5)}\r\n`,
    ],
    "a Transfer-Encoding other than `chunked`": [
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    ],
  };
  const rows = table("status", "request");

  it("every row of the table is checked", () => {
    expect(rows.map(([, request]) => request)).toEqual(Object.keys(REFUSED));
  });

  it.each(rows)("%s: %s", async (status, words) => {
    const { app, environs } = recorder();
    const server = createServer({ maxHeaderSize: 1024 * 1024 }, fromWsgi(app, { logger, maxBodySize: 10 }));
    const { port, close } = await listen(server);
    onTestFinished(close);
    for (const request of REFUSED[words as string] ?? [])
      expect((await raw(port, request)).head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(environs).toEqual([]);
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
