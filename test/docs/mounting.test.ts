/** docs/mounting.md: its programs are run and requested, and the rows of its tables are tried on real hosts. */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as requestTls } from "node:https";
import { join } from "node:path";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import bodyParser from "koa-bodyparser";
import mount from "koa-mount";
import Router from "koa-router";
import Koa2 from "koa2";
import multer from "multer";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  BridgeError,
  type Environ,
  type FromWsgiOptions,
  fromWsgi,
  type HeaderPair,
  type WsgiApp,
  type WsgiResult,
} from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { signal } from "../support/bytes.ts";
import { ALL_HOSTS, HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { startPython } from "../support/python.ts";
import { brought, listen, raw, rawConnection, rawGet } from "../support/server.ts";
import { makeCertificate } from "../support/transports.ts";
import { Page } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/mounting.md");
const workspace = new Workspace();

/** The rows of each table with this header, cell by cell. */
function tables(...header: string[]): string[][][] {
  const all: string[][][] = [];
  let inside = false;
  for (const line of page.text.split("\n")) {
    if (line === `| ${header.join(" | ")} |`.replace("|  |", "| |")) {
      inside = true;
      all.push([]);
    } else if (!line.startsWith("|")) inside = false;
    else if (inside && !line.startsWith("| ---")) all.at(-1)?.push(line.slice(2, -2).split(" | "));
  }
  if (all.length === 0) throw new Error(`no table with the header ${header.join(", ")}`);
  return all;
}

const quoted = (cell = ""): string => /`([^`]+)`/.exec(cell)?.[1] ?? "";
const textOf = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();
const json = (body: string): RequestInit => ({
  method: "POST",
  body,
  headers: { "Content-Type": "application/json" },
});

describe("programs", () => {
  it("Express: Flask at /shop builds links that begin with /shop", async () => {
    workspace.write("legacy/shop.py", page.take("python", "url_for"));
    const url = await workspace.run(page.take("js", "answered by Express")).url();
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
    const text = await textOf(`${url}/shop`);
    expect(text).toBe("The shop is at /shop/");
    expect(page.text).toContain(`\`GET /shop\` answers \`${text}\``);
  });

  it("Koa: middleware upstream sees the status of the WSGI app", async () => {
    const url = await workspace.run(page.take("js", "X-Status")).url();
    const found = await fetch(`${url}/shop`);
    expect([found.headers.get("x-status"), await found.text()]).toEqual(["200", "The shop is at /shop/"]);
    expect((await fetch(`${url}/shop/nowhere`)).headers.get("x-status")).toBe("404");
  });

  it("node:http", async () => {
    const url = await workspace.run(page.take("js", "Hello, ")).url();
    expect(await textOf(`${url}/you`)).toBe("Hello, /you\n");
  });

  it("node:http2 and node:https", async () => {
    const { key, cert } = makeCertificate("localhost");
    workspace.write("key.pem", String(key));
    workspace.write("cert.pem", String(cert));
    const code = page.take("js", "createSecureServer");
    const { port } = new URL(await workspace.run(code).url());
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/" });
    expect(String(await once(stream, "data"))).toBe("HTTP/2.0 over https\n");
    expect(await overTls(port)).toBe("HTTP/1.1 over https\n");
    // "node:https takes the listener in the same place"
    const https = await workspace
      .run(
        code
          .replace("createSecureServer }", "createServer as createSecureServer }")
          .replace("node:http2", "node:https"),
      )
      .url();
    expect(await overTls(new URL(https).port)).toBe("HTTP/1.1 over https\n");
  });

  it("Connect, by its rules: a mount is cut off req.url, and nothing says so", async () => {
    workspace.write("node_modules/connect/package.json", '{ "name": "connect", "main": "index.js" }');
    workspace.write("node_modules/connect/index.js", CONNECT);
    const code = page.take("js", 'from "connect"');
    expect(await textOf(`${await workspace.run(code).url()}/hello/a`)).toBe("/a below /hello\n");
    const without = code.replace(', { environ: () => ({ SCRIPT_NAME: "/hello" }) }', "");
    expect(without).not.toBe(code);
    expect(await textOf(`${await workspace.run(without).url()}/hello/a`)).toBe("/a below \n");
  });

  it("a prefix that a proxy has removed", async () => {
    const url = await workspace.run(page.take("js", 'SCRIPT_NAME: "/shop"')).url();
    expect(await textOf(url)).toBe("The shop is at /shop/");
  });

  it("the usual order: compressed, with native routes, and one error handler", async () => {
    const url = await workspace.run(page.take("js", "compression")).url();
    const shop = await fetch(url);
    expect([shop.headers.get("content-encoding"), await shop.text()]).toEqual(["gzip", "The shop is at /"]);
    const created = await fetch(`${url}/api/orders`, json('{"a":1}'));
    expect([created.status, await created.json()]).toEqual([201, { a: 1 }]);
    const refused = await fetch(`${url}/%00`);
    expect([refused.status, await refused.text()]).toEqual([400, "Something went wrong\n"]);
  });

  it("rawBody: the app reads the bytes that came", async () => {
    const url = await workspace.run(page.take("js", "rawBody")).url();
    const body = '{ "a": 1.0,  "a": 12345678901234567890 }';
    expect(await textOf(url, json(body))).toBe(body);
  });

  it("passOn: what Flask does not know gets to Express, with its body", async () => {
    const url = await workspace.run(page.take("js", "passOn: [404, 405]")).url();
    const created = await fetch(`${url}/orders`, json('{"a":1}'));
    expect([created.status, await created.json()]).toEqual([201, { a: 1 }]);
    expect(await textOf(url)).toBe("The shop is at /");
    const nowhere = await fetch(`${url}/nowhere`);
    expect([nowhere.status, await nowhere.text()]).toEqual([404, expect.stringContaining("Cannot GET /nowhere")]);
  });

  it("REMOTE_USER: of a session, and never of a header", async () => {
    const url = await workspace.run(page.take("js", "You are")).url();
    expect(await textOf(url, { headers: { "X-Session": "a1b2" } })).toBe("You are zoe\n");
    expect(await textOf(url, { headers: { "X-Session": "x", "Remote-User": "root" } })).toBe("You are nobody\n");
  });

  it("a file: sent with its length; a missing one is a 500", async () => {
    const code = page.take("js", "createReadStream");
    const url = await workspace.run(code).url();
    expect((await fetch(url)).status).toBe(500);
    workspace.write("report.txt", "all is well\n");
    const report = await fetch(url);
    expect([report.headers.get("content-length"), await report.text()]).toEqual(["12", "all is well\n"]);
  });

  it("WSGI middleware around Flask", async () => {
    const url = await workspace.run(page.take("js", "withHeader")).url();
    const answer = await fetch(url);
    expect([answer.headers.get("x-served-by"), await answer.text()]).toEqual(["node", "The shop is at /"]);
  });

  it("an error handler of Express gets a BridgeError", async () => {
    const code = page.take("js", "ERR_OTHER");
    const url = await workspace.run(code).url();
    const answer = await fetch(url);
    const body = (await answer.json()) as { code: string };
    expect([answer.status, body]).toEqual([500, { code: "ERR_WSGI_APP_PROTOCOL" }]);
    expect(code).toContain(`// { "code": "${body.code}" }`);
  });

  it("Koa's error event hears of a failure after the head", async () => {
    const program = workspace.run(page.take("js", "halfway"));
    const said = new Promise((resolve) => {
      program.lines.on("line", (line) => line.startsWith("/a:") && resolve(line));
    });
    const { port } = new URL(await program.url());
    const { text } = await raw(Number(port), "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toContain("the first half");
    expect(text).not.toMatch(/\r\n0\r\n/);
    expect(await said).toBe("/a: no second half");
  });

  it("the validator: a 500, and the message that the page shows", async () => {
    const code = page.take("js", "validator");
    const logged = code.replace(
      "validator(hello))",
      "validator(hello), { logger: { ...console, error: console.log } })",
    );
    const program = workspace.run(logged);
    const said = new Promise((resolve) => {
      program.lines.on("line", (line) => line.includes("ValidationError") && resolve(line));
    });
    expect((await fetch(await program.url())).status).toBe(500);
    expect(await said).toBe(`[1] GET /: the application failed: ${page.take("text").trim()}`);
  });

  it("TypeScript: compiles; the other way to register an HTTP/2 listener does not; the example answers", async () => {
    const blocks = page.takeAll("ts");
    expect(blocks).toHaveLength(2);
    const http2 = `import { createSecureServer } from "node:http2";
import { fromWsgi } from "wsgi-bridge";

createSecureServer({}).on("request", fromWsgi(() => []));
// @ts-expect-error its second parameter has a narrower type
createSecureServer({}, fromWsgi(() => []));
`;
    workspace.typeCheck([...blocks, http2]);
    const plain = (blocks[1] as string).replace(", type WsgiApp", "").replace(": WsgiApp", "");
    const url = await workspace.run(plain).url();
    expect(await textOf(url, { method: "POST", body: "one\ntwo" })).toBe("ONE\nTWO");
  });
});

function overTls(port: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false, agent: false as const };
    const request = requestTls(options, (response) => {
      response.once("data", (chunk) => resolve(String(chunk)));
    });
    request.on("error", reject).end();
  });
}

/** What Connect 3.7 does to a request and to its handlers, for a package that this one does not install. */
const CONNECT = `module.exports = () => {
  const stack = [];
  const app = (req, res) => {
    req.originalUrl ??= req.url;
    let removed = "";
    const next = (error) => {
      req.url = removed + req.url;
      const layer = stack.shift();
      if (layer === undefined) return res.writeHead(error ? 500 : 404).end();
      removed = layer.route;
      req.url = req.url.slice(removed.length);
      if (!req.url.startsWith("/")) req.url = "/" + req.url;
      layer.handle(req, res, next);
    };
    next();
  };
  return Object.assign(app, { use: (route, handle) => void stack.push({ route, handle }) });
};
`;

it("the wrong fromWsgi: every request gets a 500, because of a TypeError", async () => {
  const app = answering("200 OK");
  const heard: unknown[] = [];
  const site = express5().use(koaFromWsgi(app) as never);
  site.use(((error, _req, res, _next) => {
    heard.push(error);
    res.status(500).end();
  }) satisfies express5.ErrorRequestHandler);
  const koa = new Koa3().use(fromWsgi(app, { logger: new MemoryLogger() }) as never).on("error", (e) => heard.push(e));
  for (const listener of [site, koa.callback()]) {
    const server = await listen(createServer(listener as never));
    expect((await fetch(server.url)).status).toBe(500);
    await server.close();
  }
  expect(heard).toEqual([expect.any(TypeError), expect.any(TypeError)]);
});

describe("SCRIPT_NAME and PATH_INFO", () => {
  const show: WsgiApp = (environ, startResponse) => {
    startResponse("200 OK", []);
    const { SCRIPT_NAME, PATH_INFO, REQUEST_URI, QUERY_STRING } = environ;
    return [Buffer.from(JSON.stringify({ SCRIPT_NAME, PATH_INFO, REQUEST_URI, QUERY_STRING }))];
  };
  const [onExpress = [], onKoa = []] = tables("mounted by", "request", "`SCRIPT_NAME`", "`PATH_INFO`");
  const expected = (row: string[]): object => ({
    SCRIPT_NAME: JSON.parse(quoted(row[2])),
    PATH_INFO: JSON.parse(quoted(row[3])),
    REQUEST_URI: quoted(row[1]),
  });
  const names = ["app", "fromWsgi", "shop", "router", "mount"];

  async function ask(listener: Parameters<typeof createServer>[1], target: string): Promise<unknown> {
    const server = await listen(createServer(listener));
    const { body } = await rawGet(server.port, target);
    await server.close();
    return JSON.parse(body);
  }

  it("there are rows for Express and for Koa", () => {
    expect([onExpress.length, onKoa.length]).toEqual([10, 6]);
  });

  describe.each([
    ["Express 5", express5],
    ["Express 4", express4 as unknown as typeof express5],
  ])("%s", (_, express) => {
    it.each(onExpress)("%s, GET %s", async (...row) => {
      const app = express();
      const router = express.Router();
      app.use("/a", router);
      new Function(...names, quoted(row[0]))(app, fromWsgi, show, router, mount);
      expect(await ask(app, quoted(row[1]))).toMatchObject(expected(row));
    });
  });

  describe.each([
    ["Koa 3", Koa3],
    ["Koa 2", Koa2 as unknown as typeof Koa3],
  ])("%s", (_, Koa) => {
    it.each(onKoa)("%s, GET %s", async (...row) => {
      const app = new Koa();
      const router = new Router();
      new Function(...names, quoted(row[0]))(app, koaFromWsgi, show, router, mount);
      app.use(router.routes() as never);
      expect(await ask(app.callback(), quoted(row[1]))).toMatchObject(expected(row));
    });
  });

  it("node:http has no mount; a % that begins no escape stays; %00 is a 400", async () => {
    expect(await ask(fromWsgi(show), "/m/a%20b%zz?c=%20")).toMatchObject({
      SCRIPT_NAME: "",
      PATH_INFO: "/m/a b%zz",
      QUERY_STRING: "c=%20",
    });
    const server = await listen(fromWsgi(show));
    expect((await rawGet(server.port, "/a%00")).head).toMatch(/^HTTP\/1\.1 400 /);
    await server.close();
  });

  it("a rewritten req.url counts, and REQUEST_URI stays", async () => {
    const app = express5();
    app.use((req, _res, next) => {
      req.url = "/new/a?y=2";
      next();
    });
    app.use("/new", fromWsgi(show));
    expect(await ask(app, "/old?x=1")).toEqual({
      SCRIPT_NAME: "/new",
      PATH_INFO: "/a",
      REQUEST_URI: "/old?x=1",
      QUERY_STRING: "y=2",
    });
  });

  it("/m//x: Express 4 takes a slash too many, Express 5 and Koa do not", async () => {
    const hosts = [
      express4().use("/m", fromWsgi(show)),
      express5().use("/m", fromWsgi(show)),
      new Koa3().use(mount("/m", koaFromWsgi(show))).callback(),
    ];
    const paths = await Promise.all(hosts.map((host) => ask(host as never, "/m//x")));
    expect(paths).toMatchObject([{ PATH_INFO: "/x" }, { PATH_INFO: "//x" }, { PATH_INFO: "//x" }]);
  });
});

/** An app that answers so, whatever it is asked. */
function answering(status: string, headers: HeaderPair[] = [], result: unknown = []): WsgiApp {
  return (_environ, startResponse) => {
    startResponse(status, headers);
    return result as WsgiResult;
  };
}

/** What an app reads and is told of its body. */
const echo: WsgiApp = async (environ, startResponse) => {
  const body = Buffer.from(await environ["wsgi.input"].read()).toString("latin1");
  startResponse("200 OK", []);
  const { CONTENT_LENGTH, HTTP_CONTENT_ENCODING } = environ;
  return [Buffer.from(JSON.stringify({ body, CONTENT_LENGTH, encoding: HTTP_CONTENT_ENCODING }), "latin1")];
};

/** An Express site that answers errors with their code. */
function site(prepare: (app: ReturnType<typeof express5>) => unknown): ReturnType<typeof express5> {
  const app = express5().set("env", "test");
  prepare(app);
  app.use(fromWsgi(echo));
  return app.use(((error, _req, res, _next) => {
    res.status(error.status).json(error.code);
  }) satisfies express5.ErrorRequestHandler);
}

describe("body parsers", () => {
  async function post(app: Parameters<typeof createServer>[1], type: string, body: string): Promise<unknown> {
    const server = await listen(createServer(app));
    const head = `Host: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nContent-Encoding: identity\r\n`;
    const answer = await raw(server.port, `POST / HTTP/1.1\r\n${head}Connection: close\r\n\r\n${body}`);
    await server.close();
    return JSON.parse(answer.body);
  }
  const read = (body: string): object => ({ body, CONTENT_LENGTH: String(body.length) });
  const keep = (req: object, _res: unknown, bytes: Buffer): void => void Object.assign(req, { rawBody: bytes });
  const keepText = (req: object, _res: unknown, bytes: Buffer): void =>
    void Object.assign(req, { rawBody: bytes.toString("latin1") });
  const FORM = "application/x-www-form-urlencoded";
  const MULTIPART = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';

  const ROWS: Record<string, () => Promise<void>> = {
    "`rawBody`": async () => {
      const body = '{ "a": 1.0 }';
      expect(
        await post(
          site((app) => app.use(express5.json({ verify: keep }))),
          "application/json",
          body,
        ),
      ).toEqual(read(body));
      const app = site((one) => one.use(express5.text({ verify: keepText })));
      expect(await post(app, "text/plain; charset=iso-8859-1", "\xfc")).toEqual(read("\xfc"));
      expect(await post(app, "text/plain; charset=utf-8", "\xfc")).toEqual(read("\xc3\xbc"));
    },
    "`body`, a `Buffer` (`express.raw()`)": async () => {
      expect(
        await post(
          site((app) => app.use(express5.raw())),
          "application/octet-stream",
          "\x00\xff",
        ),
      ).toEqual(read("\x00\xff"));
    },
    "`body` of a JSON request (`application/json`, `…+json`)": async () => {
      const app = site((one) => one.use(express5.json({ type: ["json", "+json"] })));
      // blanks, a duplicate key, and a number that JavaScript has not
      const body = '{ "a": 1, "a": 12345678901234567890 }';
      for (const type of ["application/json", "application/problem+json"])
        expect(await post(app, type, body)).toEqual(read('{"a":12345678901234567000}'));
    },
    "`body`, a string (`express.text()`)": async () => {
      const app = site((one) => one.use(express5.text()));
      expect(await post(app, "text/plain; charset=iso-8859-1", "\xfc")).toEqual(read("\xfc"));
    },
    "`body` of an `application/x-www-form-urlencoded` request": async () => {
      const app = site((one) => one.use(express5.urlencoded({ extended: true })));
      expect(await post(app, FORM, "a=1&a=2&b[c]=x+y&d[]=3")).toEqual(read("a=1&a=2&b[c]=x+y&d[]=3"));
    },
    "anything else, such as a form that multer has parsed": async () => {
      const app = site((one) => one.use(multer().any()));
      expect(await post(app, "multipart/form-data; boundary=x", MULTIPART)).toBe("ERR_WSGI_BODY_CONSUMED");
    },
  };
  const [rows = []] = tables("what the parser left", "the app reads");

  it("every row of the table is checked", () => {
    expect(rows.map(([left]) => left)).toEqual(Object.keys(ROWS));
  });

  it.each(rows)("%s: %s", async (left) => {
    await ROWS[left as string]?.();
  });

  it("express.json({ strict: false }): a JSON string stays JSON", async () => {
    const app = site((one) => one.use(express5.json({ strict: false })));
    expect(await post(app, "application/json", '"text"')).toEqual(read('"text"'));
  });

  it("Koa: koa-bodyparser keeps rawBody by itself", async () => {
    const app = new Koa3().use(bodyParser()).use(koaFromWsgi(echo));
    expect(await post(app.callback(), "application/json", '{ "a": 1.0 }')).toEqual(read('{ "a": 1.0 }'));
  });

  it("an unread body comes as the client sent it", async () => {
    expect(
      await post(
        site(() => undefined),
        "multipart/form-data; boundary=x",
        MULTIPART,
      ),
    ).toEqual({
      ...read(MULTIPART),
      encoding: "identity",
    });
  });
});

describe("other middleware", () => {
  it("four headers are added to those of middleware, others replace", async () => {
    const app = express5();
    const names = ["Set-Cookie", "Vary", "Link", "WWW-Authenticate", "Cache-Control", "X-Any"];
    const sentence = /`Set-Cookie`, `Vary`, `Link` and `WWW-Authenticate` of the app are added/;
    expect(page.text.replaceAll("\n  ", " ")).toMatch(sentence);
    app.use((_req, res, next) => {
      for (const name of names) res.setHeader(name, "middleware");
      next();
    });
    app.use(
      fromWsgi((_environ, startResponse) => {
        startResponse(
          "200 OK",
          names.map((name) => [name, "app"]),
        );
        return [];
      }),
    );
    const server = await listen(createServer(app));
    const { head } = await rawGet(server.port, "/");
    await server.close();
    const valuesOf = (name: string): string[] =>
      [...head.matchAll(new RegExp(`^${name}: (.*)\r?$`, "gim"))].flatMap((match) => (match[1] as string).split(", "));
    expect(names.map(valuesOf)).toEqual([...Array(4).fill(["middleware", "app"]), ["app"], ["app"]]);
  });

  it("a guard at /admin is not asked about /%61dmin", async () => {
    const app = express5();
    app.use("/admin", (_req, res) => void res.status(403).end());
    app.use(
      fromWsgi((environ, startResponse) => {
        startResponse("200 OK", []);
        return [Buffer.from(environ.PATH_INFO)];
      }),
    );
    const server = await listen(createServer(app));
    expect((await rawGet(server.port, "/admin")).head).toMatch(/^HTTP\/1\.1 403/);
    expect((await rawGet(server.port, "/%61dmin")).body).toBe("/admin");
    await server.close();
  });
});

describe("passOn", () => {
  const MIB = 1024 * 1024;

  /** The statuses and bodies that a next handler answers after an app that has read all of the body. */
  async function pass(app: WsgiApp, size: number): Promise<string> {
    const host = express5().use(fromWsgi(app, { passOn: [404, 405] }));
    host.use(express5.raw({ limit: "10mb" }), (req, res) => void res.send(`next has ${req.body.length}`));
    const server = await listen(createServer(host));
    const init = { method: "POST", body: Buffer.alloc(size), headers: { "Content-Type": "application/octet-stream" } };
    const text = await textOf(server.url, init);
    await server.close();
    return text;
  }
  const notFound: WsgiApp = async (environ, startResponse) => {
    await environ["wsgi.input"].read();
    startResponse("404 Not Found", []);
    return [Buffer.from("the app's own")];
  };

  it("the next handler has the body, unless the app has read more than 1 MiB of it", async () => {
    expect(await pass(notFound, MIB)).toBe(`next has ${MIB}`);
    expect(await pass(notFound, MIB + 1)).toBe("the app's own");
    const unread: WsgiApp = (_environ, startResponse) => {
      startResponse("404 Not Found", []);
      return [];
    };
    expect(await pass(unread, MIB + 1)).toBe(`next has ${MIB + 1}`);
  });

  it("a Python app has always read the whole body", async () => {
    const app = startPython("shop:app", { directory: join(workspace.folder, "legacy"), threads: 1 });
    expect(await pass(app, MIB)).toBe(`next has ${MIB}`);
    expect(await pass(app, MIB + 1)).toContain("Method Not Allowed");
  });

  it("does nothing on node:http, and not for an app that throws", async () => {
    const server = await listen(fromWsgi(notFound, { passOn: [404] }));
    expect(await textOf(server.url)).toBe("the app's own");
    await server.close();
    const failing: WsgiApp = () => Promise.reject(Object.assign(new Error("no"), { status: 404 }));
    const host = express5()
      .set("env", "test")
      .use(fromWsgi(failing, { passOn: [404] }));
    host.use((_req, res) => void res.send("next"));
    const second = await listen(createServer(host));
    expect(await textOf(second.url)).not.toBe("next");
    await second.close();
  });
});

describe("the option environ", () => {
  async function ask(
    environ: () => Record<string, unknown>,
  ): Promise<{ environ: Environ | undefined; error: unknown }> {
    let seen: Environ | undefined;
    let error: unknown;
    const host = express5().use(
      fromWsgi(
        (given, startResponse) => {
          seen = given;
          startResponse("200 OK", []);
          return [];
        },
        { environ },
      ),
    );
    host.use(((failure, _req, res, _next) => {
      error = failure;
      res.status(500).end();
    }) satisfies express5.ErrorRequestHandler);
    const server = await listen(createServer(host));
    await rawGet(server.port, "/");
    await server.close();
    return { environ: seen, error };
  }

  it("undefined and null leave a key as it is; keys with a dot have any value; a key may replace another", async () => {
    const cart = { items: 1 };
    const { environ } = await ask(() => ({
      PATH_INFO: undefined,
      HTTP_HOST: null,
      "shop.cart": cart,
      SCRIPT_NAME: "/m",
    }));
    expect(environ).toMatchObject({ PATH_INFO: "/", HTTP_HOST: "test", "shop.cart": cart, SCRIPT_NAME: "/m" });
    expect(environ?.["shop.cart"]).toBe(cart);
  });

  it("text that is no bytes, or no text, is an OptionError; encoded it is taken; what it throws is an error", async () => {
    for (const value of ["\u0436", 5]) {
      const { error } = await ask(() => ({ REMOTE_USER: value }));
      expect(error).toMatchObject({ code: "ERR_WSGI_OPTION", status: 500 });
    }
    const { environ } = await ask(() => ({ REMOTE_USER: Buffer.from("\u0436").toString("latin1") }));
    expect(environ?.REMOTE_USER).toBe("\xd0\xb6");
    const failure = new Error("no");
    const failing = (): never => {
      throw failure;
    };
    expect((await ask(failing)).error).toBe(failure);
  });
});

describe("behind a reverse proxy", () => {
  const [rows = []] = tables("", "Express", "Koa", "`node:http`, Connect");
  const HEADERS = "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.example\r\n";
  const OFF = { REMOTE_ADDR: "127.0.0.1", "wsgi.url_scheme": "http", HTTPS: undefined, HTTP_HOST: "test" };
  const ON = { REMOTE_ADDR: "192.0.2.9", "wsgi.url_scheme": "https", HTTPS: "on", HTTP_HOST: "public.example" };

  it("the table names what is switched on, and the keys that change", () => {
    expect(rows[0]).toEqual(["switched on by", '`app.set("trust proxy", …)`', "`app.proxy = true`", "not available"]);
    const keys = rows.slice(1).flatMap(([cell]) => [...(cell ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]));
    expect(keys).toEqual(Object.keys(OFF));
  });

  it.each([false, true])("trust: %s", async (trust) => {
    let seen: Environ | undefined;
    const keep: WsgiApp = (environ, startResponse) => {
      seen = environ;
      startResponse("200 OK", []);
      return [];
    };
    const koa = new Koa3().use(koaFromWsgi(keep));
    koa.proxy = trust;
    const hosts = [express5().set("trust proxy", trust).use(fromWsgi(keep)), koa.callback()];
    for (const host of [...hosts, fromWsgi(keep)]) {
      const server = await listen(createServer(host as never));
      await rawGet(server.port, "/", HEADERS);
      await server.close();
      const { SERVER_NAME, SERVER_PORT, HTTP_X_FORWARDED_FOR, ...rest } = seen as Environ;
      expect([SERVER_NAME, SERVER_PORT]).toEqual(["127.0.0.1", String(server.port)]);
      expect(HTTP_X_FORWARDED_FOR).toBe("192.0.2.9"); // passed on as it came
      const values = Object.keys(OFF).map((key) => [key, rest[key]]);
      expect(values).toEqual(Object.entries(trust && host !== hosts.at(2) && hosts.includes(host as never) ? ON : OFF));
    }
  });
});

describe("apps in JavaScript", () => {
  /** Serves an app on plain node:http for the length of a test. */
  async function serve(
    app: WsgiApp,
    options: FromWsgiOptions = {},
  ): Promise<{ port: number; url: string; logger: MemoryLogger }> {
    const logger = new MemoryLogger();
    const server = await listen(fromWsgi(app, { logger, ...options }));
    onTestFinished(server.close);
    return { ...server, logger };
  }

  it("shapes: a function, an async function, a generator and an async generator", async () => {
    const block = Buffer.from("ok");
    const apps: WsgiApp[] = [
      answering("200 OK", [], [block]),
      async (...call) => answering("200 OK", [], [block])(...call),
      function* (_environ, startResponse) {
        startResponse("200 OK", []);
        yield block;
      },
      async function* (_environ, startResponse) {
        startResponse("200 OK", []);
        yield block;
      },
    ];
    for (const app of apps) expect(await textOf((await serve(app)).url)).toBe("ok");
  });

  it.each<[what: string, app: WsgiApp, message: string]>([
    ["a status without a blank", answering("299"), "the status must be"],
    ["a hop-by-hop header", answering("200 OK", [["Connection", "close"]]), "hop-by-hop"],
    ["a control character", answering("200 OK", [["A", "b\n"]]), "control characters"],
    ["a string block", answering("200 OK", [], ["text"]), "must be a Uint8Array"],
    ["a bare Uint8Array", answering("200 OK", [], Buffer.from("a")), "bare"],
  ])("%s is an error", async (_, app, message) => {
    const { url, logger } = await serve(app);
    expect((await fetch(url)).status).toBe(500);
    expect(logger.text).toContain(message);
  });

  it("a status may have an empty reason, and empty blocks are ignored", async () => {
    const { port } = await serve((_environ, startResponse) => {
      startResponse("299 ", []);
      return [Buffer.alloc(0), Buffer.from("a")];
    });
    const { text, body } = await rawGet(port, "/");
    expect(text).toMatch(/^HTTP\/1\.1 299 \r\n/);
    expect(body).toContain("a");
  });

  it("an error replaces the head while nothing is sent; afterwards it is thrown and breaks the response off", async () => {
    const { url } = await serve((_environ, startResponse) => {
      startResponse("200 OK", []);
      startResponse("503 Busy", [], new Error("busy"));
      return [];
    });
    expect((await fetch(url)).status).toBe(503);
    const failure = new Error("late");
    let thrown: unknown;
    const late = await serve(async function* (_environ, startResponse) {
      startResponse("200 OK", []);
      yield Buffer.from("a");
      try {
        startResponse("503 Busy", [], failure);
      } catch (error) {
        thrown = error;
      }
    });
    expect((await rawGet(late.port, "/")).text).not.toMatch(/\r\n0\r\n/);
    expect(thrown).toBe(failure);
  });

  it("Content-Length: set for one block; a longer body is cut and logged; a shorter one breaks the connection", async () => {
    const sized =
      (length: string | undefined): WsgiApp =>
      (_environ, startResponse) => {
        startResponse("200 OK", length === undefined ? [] : [["Content-Length", length]]);
        return [Buffer.from("abc")];
      };
    expect((await fetch((await serve(sized(undefined))).url)).headers.get("content-length")).toBe("3");
    const long = await serve(sized("2"));
    expect(await textOf(long.url)).toBe("ab");
    await long.logger.said("more than its Content-Length");
    await expect(textOf((await serve(sized("4"))).url)).rejects.toThrow();
  });

  it("write() takes 1 MiB without being awaited, then throws", async () => {
    let thrown: unknown;
    let written = 0;
    const { port } = await serve((_environ, startResponse) => {
      const write = startResponse("200 OK", []);
      try {
        for (;;) {
          void write(Buffer.alloc(64 * 1024));
          written += 64 * 1024;
        }
      } catch (error) {
        thrown = error;
      }
      return [];
    });
    await rawGet(port, "/");
    expect(thrown).toMatchObject({ code: "ERR_WSGI_APP_PROTOCOL" });
    expect(written).toBe(1024 * 1024);
  });

  it("the body: read(size) waits, read1 does not; nothing at the end; too late after the response", async () => {
    const arrived: string[] = [];
    const early = signal();
    const sent = signal();
    const late = signal<unknown>();
    const { port } = await serve(async (environ, startResponse) => {
      const input = environ["wsgi.input"];
      arrived.push(String(await input.read1?.(100)));
      early.fire();
      for (const size of [4, undefined, undefined]) arrived.push(String(await input.read(size)));
      startResponse("200 OK", []);
      return [];
    });
    const socket = await rawConnection(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nab");
    await early.promise;
    socket.write("cd");
    socket.write("efgh");
    await brought(socket, "200 OK");
    socket.destroy();
    expect(arrived).toEqual(["ab", "cdef", "gh", ""]);

    const second = await serve((environ, startResponse) => {
      startResponse("200 OK", []);
      void sent.promise.then(async () => late.fire(await environ["wsgi.input"].read().catch((error) => error)));
      return [Buffer.from("x")];
    });
    await textOf(second.url, { method: "POST", body: "abc" });
    sent.fire();
    const outcome = await late.promise;
    expect(outcome).toMatchObject({ code: "ERR_WSGI_APP_PROTOCOL" });
  });

  it("a client that leaves: a read rejects, and close() is called between two blocks", async () => {
    const rejected = signal<unknown>();
    const reading = await serve(async (environ) => {
      await environ["wsgi.input"].read().catch((error) => rejected.fire(error));
      return [];
    });
    const socket = await rawConnection(reading.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nab");
    socket.destroy();
    expect(await rejected.promise).toMatchObject({ code: "ERR_WSGI_CLIENT_DISCONNECT" });

    const closed = signal();
    const streaming = await serve((_environ, startResponse) => {
      startResponse("200 OK", []);
      const blocks = (async function* () {
        yield Buffer.from("first");
        await new Promise(() => undefined); // for ever
      })();
      return { [Symbol.asyncIterator]: () => blocks, close: () => closed.fire() };
    });
    const reader = await rawConnection(streaming.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await brought(reader, "first");
    reader.destroy();
    await closed.promise;
    expect([...reading.logger.lines, ...streaming.logger.lines]).toEqual([]); // "nothing is logged"
  });

  it("wsgi.errors: each line is one message, after the request's id", async () => {
    const { url, logger } = await serve((environ, startResponse) => {
      environ["wsgi.errors"].write("one\ntw");
      environ["wsgi.errors"].writelines(["o\n"]);
      startResponse("200 OK", []);
      return [];
    });
    await fetch(url, { headers: { "X-Request-Id": "abc" } });
    expect(logger.lines).toEqual(["[abc] one", "[abc] two"]);
  });

  it("sendTimeout: a client that takes nothing is cut off, close() is called, and the logger is told", async () => {
    const closed = signal();
    const block = Buffer.alloc(1024 * 1024);
    const { port, logger } = await serve(
      (_environ, startResponse) => {
        startResponse("200 OK", []);
        const blocks = (function* () {
          for (;;) yield block;
        })();
        return { [Symbol.iterator]: () => blocks, close: () => closed.fire() };
      },
      { sendTimeout: 200 },
    );
    const socket = await rawConnection(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    socket.pause();
    await closed.promise;
    expect(await logger.said("accepted no data")).toContain("sendTimeout (200 ms)");
    socket.destroy();
  });
});

describe("errors", () => {
  const failure = new Error("failed");
  const early: WsgiApp = () => {
    throw failure;
  };
  const late: WsgiApp = async function* (_environ, startResponse) {
    startResponse("200 OK", []);
    yield Buffer.from("part");
    throw failure;
  };
  const closing: WsgiApp = (_environ, startResponse) => {
    startResponse("200 OK", []);
    return Object.assign([Buffer.from("whole")], {
      close: () => {
        throw failure;
      },
    });
  };

  it("the table has a row for each case", () => {
    const [rows = []] = tables("", "Express, Connect", "Koa", "`node:http`");
    expect(rows.map(([what]) => what)).toEqual([
      "the app throws or rejects before the head",
      "it fails after the head",
      "the request is refused, before the app is called",
      "`close()` of the result fails",
      "the client leaves", // see "a client that leaves" above
    ]);
  });

  async function request(
    host: (typeof HOSTS)[number],
    app: WsgiApp,
    target = "/",
  ): Promise<{
    text: string;
    heard: unknown[];
    logger: MemoryLogger;
  }> {
    const heard: unknown[] = [];
    const logger = new MemoryLogger();
    const server = await host.serve(app, { logger }, (error) => heard.push(error));
    const { text } = await raw(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await server.close();
    return { text, heard, logger };
  }

  it.each(HOSTS)("$name", async (host) => {
    const first = await request(host, early);
    expect(first.text).toMatch(/^HTTP\/1\.1 500 /);
    expect(first.heard).toEqual(host.framework ? [failure] : []);
    if (host.framework) expect(first.logger.lines).toEqual([]);
    else expect(first.logger.text).toContain("the application failed");

    const second = await request(host, late);
    expect(second.text).toContain("part");
    expect(second.text).not.toMatch(/\r\n0\r\n/);
    expect(second.logger.text).toContain("failed after its response had begun");
    // "Koa 3 can emit an error that came after the head twice"
    if (host.kind === "koa") expect(new Set(second.heard)).toEqual(new Set([failure]));
    else expect(second.heard).toEqual([]);

    const third = await request(host, early, "/%00");
    expect(third.text).toMatch(/^HTTP\/1\.1 400 /);
    expect(third.heard).toEqual(host.framework ? [expect.any(BridgeError)] : []);
    expect(third.logger.lines).toEqual([]);

    const fourth = await request(host, closing);
    expect(fourth.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*whole$/);
    expect(fourth.logger.text).toContain("close() of the application's result failed");
  });

  it("the hosts are all that the page names", () => {
    const kinds = new Set(ALL_HOSTS.map(({ name }) => name));
    expect(kinds).toEqual(new Set(["Express 5", "Express 4", "Koa 3", "Koa 2", "node:http", "HTTP/2"]));
  });

  it("a refused request closes its connection", async () => {
    const server = await listen(fromWsgi(early, { logger: new MemoryLogger() }));
    const { text } = await raw(server.port, "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"); // resolves when the connection ends
    await server.close();
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*connection: close/i);
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
