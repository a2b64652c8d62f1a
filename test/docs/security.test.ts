/** The page on security. Each row of its tables that says what a request does is sent, and its programs run against attackers. */
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express5 from "express";
import express4 from "express4";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { serveFastcgi } from "../../src/fastcgi.ts";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { pythonApp } from "../../src/python.ts";
import { isForwarded } from "../../src/wsgi/names.ts";
import { LIMITS } from "../../src/wsgi/vetting.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/security.md");
const text = page.text.replace(/\s+/g, " ");
const source = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Tells all text of its environ; `/boom` raises, `/proc` reads the environment of the process that started it. */
const workspace = new Workspace({
  "legacy/shop.py": `import json, os


def app(environ, start_response):
    if environ["PATH_INFO"] == "/boom":
        raise ValueError("a secret of the app")
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    told["os.environ"] = dict(os.environ)
    if environ["PATH_INFO"] == "/proc":
        with open("/proc/%d/environ" % os.getppid()) as file:
            told["node"] = file.read()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
`,
});

const tell: WsgiApp = (environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "application/json"]]);
  const told = Object.entries(environ).filter(([, value]) => typeof value === "string");
  return [Buffer.from(JSON.stringify(Object.fromEntries(told)))];
};

const silent = { logger: { info() {}, warn() {}, error() {} } };
const inTest = (make: typeof express5 | typeof express4): express5.Express =>
  (make as typeof express5)().set("env", "test");

async function listen(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** Everything that the server says until it closes the connection. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request, "latin1"));
    socket.setEncoding("latin1").on("data", (part: string) => {
      answer += part;
    });
    socket.on("error", () => undefined).on("close", () => resolve(answer));
  });
}

type Told = Record<string, string>;

/** What the app tells after a request with these header lines. */
async function told(port: number, target = "/", headers: readonly string[] = []): Promise<Told> {
  const lines = ["Host: test", "Connection: close", ...headers].join("\r\n");
  const answer = await raw(port, `GET ${target} HTTP/1.1\r\n${lines}\r\n\r\n`);
  const [head, body = ""] = answer.split("\r\n\r\n");
  if (!body.startsWith("{")) throw new Error(`no answer of the app: ${head}`);
  return JSON.parse(body.slice(0, body.lastIndexOf("}") + 1)) as Told;
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);

/** The cells of the table whose heading row begins with this. */
function rows(heading: string): string[][] {
  const [, table] = page.text.split(`\n| ${heading} |`);
  const lines = (table ?? "").split("\n\n")[0]?.split("\n").slice(2) ?? [];
  if (lines.length === 0) throw new Error(`there is no table ${heading}`);
  return lines.map((line) => line.slice(2, -2).split(" | "));
}

/** Differ from one request to the next. */
const PER_REQUEST: readonly string[] = ["REMOTE_PORT", "wsgi_bridge.request_id"];

const code = (cell: string): string[] => [...cell.matchAll(/`([^`]*)`/g)].map((match) => match[1] as string);

describe("headers", () => {
  const table = rows("header of the request");

  it.each(table)("%s: %s", async (request = "", expected = "") => {
    const port = await listen(fromWsgi(tell));
    const plain = await told(port);
    const changed = await told(port, "/", code(request));
    const added = Object.entries(changed).filter(([name]) => !(name in plain));
    const [key, value] = code(expected)[0]?.split(/=(.*)/s) ?? [];
    expect(added).toEqual(expected === "nothing" ? [] : [[key, value]]);
    for (const [name, before] of Object.entries(plain).filter(([name]) => !PER_REQUEST.includes(name))) {
      expect(changed[name], name).toBe(before);
    }
  });

  it("stripForwarded removes those that the page names, and no others", () => {
    const [, list = ""] = /Removed are (.*?)\./.exec(text) ?? [];
    const named = list.split(/, | and /).map((name) => name.replace("X-Forwarded-*", "X-Forwarded-For"));
    const key = (name: string): string => `HTTP_${name.toUpperCase().replaceAll("-", "_")}`;
    expect(named.filter((name) => !isForwarded(key(name)))).toEqual([]);
    const known = [...source("src/wsgi/names.ts").matchAll(/^ {2}"(HTTP_\w+)",$/gm)].map((match) => match[1]);
    expect(known.filter((name) => !named.map(key).includes(name as string))).toEqual([]);
  });
});

describe("proxies", () => {
  const forwarded = [
    "X-Forwarded-For: 1.1.1.1, 192.0.2.7",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
  ];

  it("nobody is believed by default, and the headers are passed on", async () => {
    const environ = await told(await listen(inTest(express5).use(fromWsgi(tell)) as RequestListener), "/", forwarded);
    expect(environ).toMatchObject({
      REMOTE_ADDR: "127.0.0.1",
      HTTP_HOST: "test",
      HTTP_X_FORWARDED_HOST: "evil.example",
    });
    expect(environ).not.toHaveProperty("HTTPS");
  });

  it("stripForwarded does not change what Express reads", async () => {
    const app = inTest(express5).set("trust proxy", "loopback");
    const environ = await told(
      await listen(app.use(fromWsgi(tell, { stripForwarded: true })) as RequestListener),
      "/",
      forwarded,
    );
    expect(environ).toMatchObject({ REMOTE_ADDR: "192.0.2.7", HTTP_HOST: "evil.example", HTTPS: "on" });
    expect(Object.keys(environ).filter((name) => name.includes("FORWARDED"))).toEqual([]);
  });

  it("trust proxy: true takes the client's word for its address", async () => {
    const app = inTest(express5).set("trust proxy", true);
    const environ = await told(await listen(app.use(fromWsgi(tell)) as RequestListener), "/", forwarded);
    expect(environ.REMOTE_ADDR).toBe("1.1.1.1");
  });

  it("X-Forwarded-Prefix is no mount", async () => {
    const app = inTest(express5).set("trust proxy", "loopback");
    const environ = await told(await listen(app.use(fromWsgi(tell)) as RequestListener), "/", [
      "X-Forwarded-Prefix: /x",
    ]);
    expect(environ.SCRIPT_NAME).toBe("");
  });
});

describe.each([
  ["Express 5", express5],
  ["Express 4", express4],
])("guards on %s", (name, make) => {
  it.each(rows('request | is `app.use("/admin", guard)` asked?'))(
    "%s: %s, %s",
    async (target = "", asked, pathInfo = "") => {
      let isAsked = false;
      const app = inTest(make).use("/admin", (_req, _res, next) => {
        isAsked = true;
        next();
      });
      const environ = await told(await listen(app.use(fromWsgi(tell)) as RequestListener), code(target)[0]);
      expect([isAsked ? "yes" : "no", environ.PATH_INFO]).toEqual([asked, code(pathInfo)[0]]);
    },
  );

  it("a mount and two slashes", async () => {
    let isAsked = false;
    const app = inTest(make).use("/m/admin", (_req, _res, next) => {
      isAsked = true;
      next();
    });
    const environ = await told(await listen(app.use("/m", fromWsgi(tell)) as RequestListener), "/m//admin");
    expect([isAsked, environ.PATH_INFO]).toEqual([false, name === "Express 4" ? "/admin" : "//admin"]);
  });
});

const HOST = "Host: test\r\n";
/** By the row of the page. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "no Host in HTTP/1.1, or two": ["GET / HTTP/1.1\r\n\r\n", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`],
  "a Host that is none, such as `a/b` or `user@host`": [
    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: user@host\r\n\r\n",
  ],
  "two Content-Type headers": [`GET / HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n`],
  "Content-Length and Transfer-Encoding, or two Content-Lengths": [
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  ],
  "a Content-Length that is not decimal digits, such as `+5`": [
    `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nabcde`,
  ],
  "a Transfer-Encoding other than `chunked`, such as `gzip, chunked`": [
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  "Transfer-Encoding in HTTP/1.0": [`POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  "a bare LF, a folded header line, a space before the colon": [
    `GET / HTTP/1.1\n${HOST}\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n`,
  ],
  "`%00` in the path": [`GET /a%00b HTTP/1.1\r\n${HOST}\r\n`],
  "`javascript://h/admin` as target, on a framework": [`GET javascript://h/admin HTTP/1.1\r\n${HOST}\r\n`],
  "HTTP/0.9": ["GET /\r\n\r\n"],
  "257 header fields": [`GET / HTTP/1.1\r\n${HOST}${"A: b\r\n".repeat(256)}\r\n`],
  "a head of more than 16 KiB": [`GET / HTTP/1.1\r\n${HOST}A: ${"b".repeat(16 * 1024)}\r\n\r\n`],
};

describe("requests that are refused", () => {
  it.each(rows("request | answer"))("%s: %s, and the connection is closed", async (row = "", status) => {
    const requests = REFUSED[row];
    expect(requests, row).toBeDefined();
    let calls = 0;
    const app: WsgiApp = (environ, startResponse) => {
      calls += 1;
      return tell(environ, startResponse);
    };
    const port = await listen(inTest(express5).use(fromWsgi(app, silent)) as RequestListener);
    for (const request of requests ?? []) {
      expect(statusOf(await raw(port, `${request}GET /next HTTP/1.1\r\n${HOST}\r\n`))).toBe(Number(status));
    }
    expect(calls).toBe(0);
  });

  it("257 header fields are refused, 256 are not", async () => {
    const port = await listen(fromWsgi(tell));
    const answer = await raw(port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n${"A: b\r\n".repeat(254)}\r\n`);
    expect(statusOf(answer)).toBe(200);
  });
});

describe("limits and times", () => {
  const limit = (what: string): string => {
    const row = rows("what | limit").find(([cell]) => cell === what);
    if (row === undefined) throw new Error(`there is no limit of ${what}`);
    return row[1] as string;
  };
  const bytes = (amount: string): number => {
    const [, number, unit] = /(\d+) ([KMG])iB/.exec(amount) ?? [];
    return Number(number) * 1024 ** ("_KMG".indexOf(unit ?? "") || Number.NaN);
  };
  const inSource = (path: string, pattern: RegExp): number => {
    const product = pattern.exec(source(path))?.[1];
    if (product === undefined) throw new Error(`${path} has no ${pattern}`);
    const factors = product.replaceAll("_", "").replaceAll("KIB", "1024").replaceAll("GIB", "1024 ** 3").split(" * ");
    return factors.reduce(
      (all, factor) =>
        all *
        factor
          .split(" ** ")
          .map(Number)
          .reduce((base, power) => base ** power),
      1,
    );
  };

  it("are those of the source", () => {
    expect(Number(limit("header fields"))).toBe(LIMITS.fields);
    expect(bytes(limit("one header value"))).toBe(LIMITS.value);
    expect(bytes(limit("all header fields"))).toBe(LIMITS.head);
    expect(bytes(limit("the request target"))).toBe(LIMITS.target);
    expect(bytes(limit("a body"))).toBe(inSource("src/from-wsgi/options.ts", /GIB: number = (.*);/));
    const pipelined = limit("pipelined requests that wait on a connection");
    expect(Number.parseInt(pipelined, 10)).toBe(inSource("src/from-wsgi/pipeline.ts", /MAX_WAITING = (.*);/));
    expect(bytes(pipelined)).toBe(inSource("src/from-wsgi/pipeline.ts", /MAX_BYTES = (.*);/));
    expect(Number(limit("requests that wait for a Python thread"))).toBe(
      inSource("src/python/settings.ts", /options\.queueLength \?\? (\d+)/),
    );
    expect(bytes(limit("bodies in memory, all together"))).toBe(
      inSource("src/node/spool.ts", /spoolMemory \?\? (.*)\)\),/),
    );
    expect(bytes(limit("responses in memory, all together"))).toBe(
      inSource("src/node/backlog.ts", /const MEMORY_SUM = (.*);/),
    );
    expect(bytes(limit("a response that waits in a file"))).toBe(
      inSource("src/python/settings.ts", /options\.responseSpool \?\? (.*)\)/),
    );
    expect(bytes(limit("a response's status and headers"))).toBe(
      inSource("src/wsgi/response-head.ts", /RESPONSE_HEAD_LIMIT: number = (.*);/),
    );
  });

  it("are those of Node's server", () => {
    const server = createServer();
    const seconds = Object.fromEntries(
      rows("a client that").map(([, by = "", value = ""]) => [code(by)[0], Number.parseInt(value, 10) * 1000]),
    );
    const { headersTimeout, requestTimeout, keepAliveTimeout } = server;
    const sendTimeout = inSource("src/from-wsgi/options.ts", /options\.sendTimeout \?\? ([\d_]+)/);
    expect(seconds).toEqual({ headersTimeout, requestTimeout, keepAliveTimeout, sendTimeout });
    expect(server.maxConnections).toBeUndefined();
  });
});

describe("users", () => {
  it("the server: REMOTE_USER is what the environ option says, whatever a client sends; a long body is a 413", async () => {
    const program = workspace.run(page.take("js", "TOKENS"));
    const { port } = new URL(await program.url());
    const attack = ["Remote-User: eve", "X-Remote-User: eve", "REMOTE_USER: eve", "X-Forwarded-For: 192.0.2.1"];
    const nobody = await told(Number(port), "/", attack);
    expect(JSON.stringify(nobody)).not.toMatch(/eve|192\.0\.2\.1/);
    expect(nobody).not.toHaveProperty("REMOTE_USER");
    const ada = await told(Number(port), "/", [...attack, "Authorization: Bearer a-long-random-token"]);
    expect(ada.REMOTE_USER).toBe("ada");
    const head = `POST / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: ${10 * 1024 ** 2 + 1}\r\n\r\n`;
    const answer = await raw(Number(port), head + "x".repeat(10 * 1024 ** 2 + 1));
    expect(statusOf(answer)).toBe(413);
    expect(answer).not.toMatch(/X-Powered-By/i);
    program.process.kill("SIGTERM");
    expect(await once(program.process, "exit")).toEqual([0, null]);
  });

  it("the guard around the app: reads what the app reads", async () => {
    const program = workspace.run(page.take("js", "function guard"));
    const port = Number(new URL(await program.url()).port);
    for (const target of ["/", "/products", "/products/2", "/%70roducts"])
      expect(await told(port, target)).toHaveProperty("PATH_INFO");
    for (const target of [
      "/admin",
      "/%61dmin",
      "/ADMIN",
      "//admin",
      "/products/../admin",
      "/products%2F..%2Fadmin",
      "/%0Aadmin",
    ]) {
      const answer = await raw(port, `GET ${target} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      expect([target, statusOf(answer)]).toEqual([target, 403]);
    }
  });
});

describe("Python processes", () => {
  const app = (): ReturnType<typeof pythonApp> =>
    pythonApp("shop:app", {
      directory: join(workspace.folder, "legacy"),
      python: ensurePython(),
      processes: 1,
      ...silent,
    });

  beforeAll(() => {
    process.env.WSGI_BRIDGE_SECRET = "of Node";
  });
  afterAll(() => {
    delete process.env.WSGI_BRIDGE_SECRET;
  });

  it("have not Node's secrets in their environment", async () => {
    const shop = app();
    onTestFinished(() => shop.close());
    const environ = await told(await listen(fromWsgi(shop, silent)));
    expect(environ["os.environ"]).toHaveProperty("PATH");
    expect(environ["os.environ"]).not.toHaveProperty("WSGI_BRIDGE_SECRET");
  });

  it.runIf(process.platform === "linux")("can read Node's environment all the same, as the page warns", async () => {
    const program = workspace.run(`
      import { createServer } from "node:http";
      import { fromWsgi } from "wsgi-bridge";
      import { pythonApp } from "wsgi-bridge/python";
      createServer(fromWsgi(pythonApp("shop:app", { directory: "./legacy" }))).listen(3000);
    `);
    const environ = await told(Number(new URL(await program.url()).port), "/proc");
    expect(environ.node).toContain("WSGI_BRIDGE_SECRET=of Node");
  });

  it("an exception: nothing for the client in production, one line without the traceback in development", async () => {
    const shop = app();
    onTestFinished(() => shop.close());
    vi.spyOn(console, "error").mockImplementation(() => undefined); // Express prints errors there
    onTestFinished(() => void vi.restoreAllMocks());
    const request = `GET /boom HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
    const answers = await Promise.all(
      ["production", "development"].map(async (env) => {
        const express = express5().set("env", env);
        express.use(fromWsgi(shop, silent));
        return raw(await listen(express as RequestListener), request);
      }),
    );
    for (const answer of answers) {
      expect(statusOf(answer)).toBe(500);
      expect(answer).not.toMatch(/a secret of the app|Traceback|shop\.py/);
    }
    expect(answers.map((answer) => answer.includes("PythonError"))).toEqual([false, true]);
    expect(await raw(await listen(fromWsgi(shop, silent)), request)).toMatch(/^HTTP\/1\.1 500 [\s\S]*\r\n\r\n$/);
  });
});

describe("FastCGI", () => {
  const folder = mkdtempSync(join(tmpdir(), "fastcgi-")); // a socket's path must be short
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("a unix socket has mode 0600, and its folder must not be open to everybody", async () => {
    const path = join(folder, "sock");
    const server = await serveFastcgi(tell, path);
    onTestFinished(() => server.close());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    mkdirSync(join(folder, "open"));
    chmodSync(join(folder, "open"), 0o777);
    await expect(serveFastcgi(tell, join(folder, "open/sock"))).rejects.toMatchObject({ code: "ERR_WSGI_OPTION" });
  });

  it("loopback is taken, other addresses only with allowRemote", async () => {
    await expect(serveFastcgi(tell, "0.0.0.0:0")).rejects.toMatchObject({ code: "ERR_WSGI_OPTION" });
    for (const [address, options] of [
      ["127.0.0.1:0", {}],
      ["0.0.0.0:0", { allowRemote: true }],
    ] as const) {
      await (await serveFastcgi(tell, address, options)).close();
    }
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
