/** docs/errors.md: its tables name what is exported, its messages are produced for real, and its programs run. */
import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type RequestListener, type ServerOptions } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { fastcgiApp, serveFastcgi } from "../../src/fastcgi.ts";
import * as wsgiBridge from "../../src/index.ts";
import {
  type BridgeError,
  type FromWsgiOptions,
  fromWsgi,
  type StartResponse,
  toWsgi,
  type WsgiApp,
} from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { type PythonApp, type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { uwsgiApp } from "../../src/uwsgi.ts";
import { ValidationError, validator } from "../../src/validator.ts";
import { RULES } from "../../src/wsgi/validate/rules.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawConnection, rawGet } from "../support/server.ts";
import { unusedAddress } from "../support/unused-address.ts";
import { Heard, loud, Messages, messageCells } from "./messages.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/errors.md");
const workspace = new Workspace({
  "legacy/shop.py": page.take("python", "PROPAGATE_EXCEPTIONS"),
  "legacy/faults.py": `
import os, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        os._exit(3)
    while path == "/loop":
        time.sleep(0.01)
    if path == "/split":
        start_response("200 OK", [("X-Name", "a\\nb")])
    if path == "/late":
        app.late = environ["wsgi.input"]
    if path == "/later":
        app.late.read()
    if path == "/write":
        write = start_response("200 OK", [])
        while True:
            write(b"x" * 1024)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`,
  "web/server.mjs": `
export function app(req, res) {
  if (req.url === "/exit") process.exit(3);
  if (req.url === "/cut") { res.write("a"); setImmediate(() => res.destroy()); return; }
  if (req.url === "/hang") return;
  res.end("hello");
}
`,
});
process.env.PATH = workspace.env.PATH; // so that python3 has the frameworks
delete process.env.VIRTUAL_ENV;

const messages = new Messages(workspace, [
  ...page.takeAll("text"),
  ...messageCells(page.text, "message"),
  ...rowsOf("| exception | when | example |").map(([, , example]) => example?.slice(1, -1) ?? ""),
]);
const logger = new MemoryLogger();

/** The rows of the table that begins with this line. */
function rowsOf(head: string): string[][] {
  const at = page.text.indexOf(`\n${head}\n`);
  if (at === -1) throw new Error(`the page has no table ${head}`);
  const [, , ...lines] = page.text.slice(at + 1, page.text.indexOf("\n\n", at)).split("\n");
  return lines.map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()));
}

const bare = (cell = ""): string => cell.replaceAll("`", "");

const TABLE = rowsOf("| `code` | class | status | whose fault | first step |").map(([code, name, status]) => ({
  code: /`(\w+)`/.exec(code ?? "")?.[1] ?? "",
  name: bare(name),
  status: status ?? "",
}));

/** Each error's section, without its heading. */
const SECTIONS: ReadonlyMap<string, string> = new Map(
  [...page.text.matchAll(/^### `(ERR_\w+)`\n\n([\s\S]*?)(?=^##)/gm)].map(([, code, text]) => [code ?? "", text ?? ""]),
);

describe("the tables", () => {
  it("have every error class that is exported, with its code, and no other", () => {
    const abstract = ["BridgeError", "StartError"];
    const exported = Object.keys({ ...wsgiBridge, ValidationError }).filter(
      (name) => name.endsWith("Error") && !abstract.includes(name),
    );
    expect(TABLE.map(({ name }) => name).toSorted()).toEqual(exported.toSorted());
    expect([...SECTIONS.keys()].toSorted()).toEqual(TABLE.map(({ code }) => code).toSorted());
  });

  it.each(TABLE)("$code: its section says the same", ({ code, name, status }) => {
    const statuses = status.replace(/, (\d+)$/, ",? or $1");
    expect(SECTIONS.get(code)?.replace(/\s+/g, " ")).toMatch(new RegExp(`^\`${name}\`, status ${statuses}\\b`));
    expect(page.text).toContain(`[\`${code}\`](#${code.toLowerCase()})`);
  });

  it("have the validator's rules", () => {
    const rows = rowsOf("| rule | level | what must hold |").map(([rule, ...cells]) => [
      bare(rule),
      ...cells.map(bare),
    ]);
    expect(rows).toEqual(Object.entries(RULES).map(([rule, { level, sentence }]) => [rule, level, sentence]));
  });
});

/** All that were provoked, for what the page says of their properties. */
const seen: BridgeError[] = [];

/** Checks an error against the tables, and its message against its section. @returns the message as the page quotes it */
function expectError(error: unknown, code: string): string {
  expect(error).toBeInstanceOf(wsgiBridge.BridgeError);
  const one = error as BridgeError;
  const row = TABLE.find((each) => each.code === code);
  expect([one.code, one.name, one.expose]).toEqual([code, row?.name, false]);
  expect(row?.status.split(", ")).toContain(String(one.status));
  seen.push(one);
  const quote = messages.expect(one.message);
  expect(SECTIONS.get(code)?.replace(/\s+/g, " ")).toContain(quote);
  return quote;
}

const get = (target = "/", head = ""): string => `GET ${target} HTTP/1.1\r\nHost: test\r\n${head}\r\n`;
const post = (target = "/", head = "Content-Length: 4\r\n", body = "body"): string =>
  `POST ${target} HTTP/1.1\r\nHost: test\r\n${head}\r\n${body}`;

interface Around extends FromWsgiOptions {
  readonly server?: ServerOptions;
  /** Middleware in front of the app. */
  readonly before?: (req: IncomingMessage, next: () => void) => void;
  readonly connected?: (socket: Socket) => void;
}

/** What the host's error handling is told of a request. */
async function failure(app: WsgiApp, request = get(), around: Around = {}): Promise<unknown> {
  const { server = {}, before = (_req, next) => next(), connected, ...options } = around;
  const serve = fromWsgi(app, { logger, ...options });
  return new Promise((resolve, reject) => {
    const http = createServer(server, (req, res) => {
      res.on("finish", () => reject(new Error("the app has answered")));
      const next = (error: unknown): void => {
        resolve(error);
        res.writeHead(500).end();
      };
      before(req, () => serve(req, res, next));
    });
    listen(http).then(async ({ port, close }) => {
      onTestFinished(close);
      const socket = await rawConnection(port, request);
      onTestFinished(() => void socket.destroy());
      connected?.(socket);
    }, reject);
  });
}

const ok: WsgiApp = (_environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "text/plain"]]);
  return [Buffer.from("hello")];
};

/** A JavaScript app that answers so. */
function answering(result: unknown, status = "200 OK", ...headers: [string, string][]): WsgiApp {
  return (_environ, startResponse) => {
    startResponse(status, headers);
    return result as Uint8Array[];
  };
}

/** As Express and Connect do. */
const guarded: Around["before"] = (req, next) => {
  Object.assign(req, { originalUrl: req.url });
  next();
};

let cases = 0;
let shop: PythonApp;
let faults: PythonApp;
const python: PythonAppOptions = { directory: join(workspace.folder, "legacy"), processes: 1, threads: 1, logger };
beforeAll(async () => {
  shop = pythonApp("shop:app", { ...python, spoolThreshold: 1 });
  faults = pythonApp("faults:app", { ...python, requestTimeout: 200, queueTimeout: 100 });
  await Promise.all([shop.ready(), faults.ready()]);
});
afterAll(() => Promise.all([shop.close(), faults.close()]));

describe("requests", () => {
  it.each([
    get("/%00"),
    get("/", "Host: other\r\n"),
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    get("javascript://h/admin"),
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    get("/", Array.from({ length: 257 }, (_, i) => `a${i}: 1\r\n`).join("")),
    get(`/${"a".repeat(65_536)}`),
    post("/", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
  ])("ERR_WSGI_BAD_REQUEST: %.40j", async (request) => {
    const error = await failure(ok, request, { server: { maxHeaderSize: 200_000 }, before: guarded });
    const quote = expectError(error, "ERR_WSGI_BAD_REQUEST");
    const row = rowsOf("| message | status | cause |").find(([message]) => message === `\`${quote}\``);
    expect(row?.[1]).toBe(String((error as BridgeError).status));
  });

  it("ERR_WSGI_BAD_REQUEST: more variables than uwsgi carries", async () => {
    const app = uwsgiApp("127.0.0.1:9", { logger });
    const error = await failure(app, get(`/?${"a".repeat(22_000)}`), { server: { maxHeaderSize: 200_000 } });
    expectError(error, "ERR_WSGI_BAD_REQUEST");
    expect((error as BridgeError).status).toBe(431);
  });

  it("serveFastcgi answers 400, and logs nothing, for a path that is not below scriptName", async () => {
    const quiet = new MemoryLogger();
    const server = await serveFastcgi(ok, "127.0.0.1:0", { scriptName: "/shop", logger: quiet });
    onTestFinished(() => server.close());
    const remote = fastcgiApp(server.address, { keepAlive: 0 });
    onTestFinished(() => remote.close());
    const http = await listen(fromWsgi(remote));
    onTestFinished(() => http.close());
    expect((await fetch(`${http.url}/other`)).status).toBe(400);
    expect((await fetch(`${http.url}/shop/a`)).status).toBe(200);
    expect(quiet.lines).toEqual([]);
  });

  it("ERR_WSGI_BODY_TOO_LARGE", async () => {
    const error = await failure(ok, post(), { maxBodySize: 3 });
    expectError(error, "ERR_WSGI_BODY_TOO_LARGE");
  });

  it("ERR_WSGI_CLIENT_DISCONNECT: the app's read rejects, and nobody else is told", async () => {
    const quiet = new MemoryLogger();
    const told: unknown[] = [];
    const error = await new Promise((resolve) => {
      const app: WsgiApp = async (environ) => {
        environ["wsgi.errors"].write("");
        await environ["wsgi.input"].read().catch((reason) => {
          resolve(reason);
          throw reason;
        });
        return [];
      };
      const serve = fromWsgi(app, { logger: quiet });
      void listen((req, res) => {
        serve(req, res, (reason) => told.push(reason));
        req.socket.destroy();
      }).then(({ port, close }) => {
        onTestFinished(close);
        return rawConnection(port, post("/", "Content-Length: 9\r\n", "b"));
      });
    });
    expectError(error, "ERR_WSGI_CLIENT_DISCONNECT");
    await new Promise(setImmediate);
    expect([told, quiet.lines]).toEqual([[], []]);
  });

  it("ERR_WSGI_BODY_CONSUMED", async () => {
    const head = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1\r\n";
    const error = await failure(ok, post("/", head, "b"), { before: (req, next) => req.resume().on("end", next) });
    expectError(error, "ERR_WSGI_BODY_CONSUMED");
  });

  it("ERR_WSGI_SPOOL", async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(workspace.folder, "tmp"); // there is none
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    expectError(await failure(shop, post()), "ERR_WSGI_SPOOL");
  });
});

/** A server that does this with each connection. @returns its address */
async function tcpServer(serve: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that takes requests and never answers. */
const silent = (): Promise<string> => tcpServer((socket) => socket.resume());

describe("load", () => {
  it("ERR_WSGI_QUEUE_FULL, ERR_WSGI_QUEUE_TIMEOUT: Python", async () => {
    const starting = project("import time\ntime.sleep(60)\n");
    const [full, slow] = [{ queueLength: 0 }, { queueTimeout: 20 }].map((rule) =>
      pythonApp("shop:app", { ...starting, ...rule }),
    );
    onTestFinished(() => Promise.all([full?.close(), slow?.close()]).then(() => undefined));
    const [first, second] = await Promise.all([failure(full as PythonApp), failure(slow as PythonApp)]);
    expectError(first, "ERR_WSGI_QUEUE_FULL");
    expectError(second, "ERR_WSGI_QUEUE_TIMEOUT");
  });

  it.each([
    [{ queueLength: 0 }, "QUEUE_FULL"],
    [{ queueTimeout: 20 }, "QUEUE_TIMEOUT"],
  ])("remote servers with %j: ERR_WSGI_%s", async (rule, code) => {
    const app = fastcgiApp(await silent(), { maxConnections: 1, gracefulTimeout: 0, logger, ...rule });
    onTestFinished(() => app.close());
    failure(app).catch(() => undefined); // has the connection
    await expect.poll(() => app.stats().addresses[0]?.busy, { interval: 5 }).toBe(1);
    expectError(await failure(app), `ERR_WSGI_${code}`);
  });
});

describe("Python apps", () => {
  it("ERR_WSGI_PYTHON_EXCEPTION", async () => {
    const error = await failure(shop, get("/orders/7"));
    expectError(error, "ERR_WSGI_PYTHON_EXCEPTION");
    const { frames, exceptionMessage, traceback } = error as wsgiBridge.PythonError;
    expect(frames.at(-1)).toMatchObject({ file: expect.stringMatching(/shop\.py$/), name: "order" });
    expect([exceptionMessage, traceback.split("\n").at(-2)]).toEqual([
      "there is no order 7",
      "LookupError: there is no order 7",
    ]);
    expect((error as Error).stack?.split("\n")).toHaveLength(1);
    expect(await logger.said("LookupError: there is no order 7")).toMatch(/^\[\d+\] /);
  });

  it("ERR_WSGI_REQUEST_TIMEOUT: Python, with the thread's place in the log", async () => {
    const error = await failure(faults, get("/loop"));
    expectError(error, "ERR_WSGI_REQUEST_TIMEOUT");
    const where = (await logger.said("GET /loop")).replace(/^\[\d+\] /, "");
    const frame = await logger.said('faults.py", line');
    const stack = `${where}\n${frame.replace(/^\[\d+\] /, "")}`.replace("/loop", "/report").replace("faults", "shop");
    messages.expect(stack);
  });

  it("ERR_WSGI_REQUEST_TIMEOUT: Python, after the response has begun", async () => {
    const source = `
import time
def app(environ, start_response):
    start_response("200 OK", [])
    yield b"begun"
    while True:
        time.sleep(0.01)
`;
    const own = new MemoryLogger();
    const app = pythonApp("shop:app", { ...project(source), streamTimeout: 50, logger: own });
    onTestFinished(() => app.close());
    failure(app, get(), { logger: own }).catch(() => undefined); // the connection breaks
    const [, message = ""] = /RequestTimeoutError: (.*)/.exec(await own.said("RequestTimeoutError")) ?? [];
    messages.expect(message);
  });

  it("ERR_WSGI_REQUEST_TIMEOUT: a remote server", async () => {
    const app = fastcgiApp(await silent(), { requestTimeout: 50, gracefulTimeout: 0, logger });
    onTestFinished(() => app.close());
    expectError(await failure(app), "ERR_WSGI_REQUEST_TIMEOUT");
  });

  it("ERR_WSGI_WORKER_EXIT, with the request and the process in the log", async () => {
    const error = await failure(faults, post("/exit"));
    expectError(error, "ERR_WSGI_WORKER_EXIT");
    expect((error as wsgiBridge.WorkerExitError).sent).toBe(true);
    const lost = (await logger.said("POST /exit")).replace(/^\[\d+\] /, "").replace("/exit", "/pay");
    messages.expect(lost);
    const ended = (await logger.said("code 3")).replace("with code 3", "by SIGSEGV").replace("faults", "shop");
    messages.expect(ended);
  });

  it("ERR_WSGI_NOT_STARTED, with its cause", async () => {
    const app = pythonApp("nowhere:app", python);
    onTestFinished(() => app.close());
    const error = await failure(app);
    expectError(error, "ERR_WSGI_NOT_STARTED");
    expect((error as Error).cause).toBeInstanceOf(wsgiBridge.AppImportError);
    expect(await logger.said("nowhere:app did not start")).toMatch(/^nowhere:app.*start/);
  });

  it("ERR_WSGI_APP_CLOSED", async () => {
    const apps = [pythonApp("shop:app", python), fastcgiApp("127.0.0.1:9", { logger })];
    for (const app of apps) await app.close();
    const [closed, remote] = await Promise.all(apps.map((app) => failure(app)));
    expectError(closed, "ERR_WSGI_APP_CLOSED");
    expectError(remote, "ERR_WSGI_APP_CLOSED");
  });

  it.each([
    () => "text",
    answering(["text"]),
    answering(undefined),
    () => [Buffer.from("a")],
    answering([], "200"),
    answering([], "200 OK", ["Connection", "close"]),
    (...call) => answering([Buffer.from("a")])(...call) && answering([])(...call),
  ] as WsgiApp[])("ERR_WSGI_APP_PROTOCOL: %#", async (app) => {
    expectError(await failure(app), "ERR_WSGI_APP_PROTOCOL");
  });

  it.each([
    answering([Buffer.from("a")], "200 OK", ["Content-Length", "10"]),
    async (_environ, startResponse) => {
      const write = startResponse("200 OK", []);
      for (let i = 0; i < 100; i += 1) write(Buffer.alloc(65_536));
      return [];
    },
  ] as WsgiApp[])("ERR_WSGI_APP_PROTOCOL, in the log, once the response has begun: %#", async (app) => {
    const own = new MemoryLogger();
    failure(app, get(), { logger: own }).catch(() => undefined);
    const line = await own.said("AppProtocolError: ");
    messages.expect(line.split("\n", 1)[0]?.replace(/^.*?AppProtocolError: /, "") ?? "");
  });

  it("ERR_WSGI_APP_PROTOCOL: the input of a request that has ended", async () => {
    const error = await new Promise((resolve) => {
      const app: WsgiApp = (environ, startResponse) => {
        const input = environ["wsgi.input"];
        setTimeout(() => input.read().catch(resolve), 50);
        return ok(environ, startResponse);
      };
      failure(app, post()).catch(() => undefined);
    });
    expectError(error, "ERR_WSGI_APP_PROTOCOL");
  });
});

const POLLER = `import threading, time


def poll():
    while True:
        time.sleep(1)
threading.Thread(target=poll, name="poller", daemon=True).start()
def app(environ, start_response): pass
`;

/** A folder of its own with this module. */
function project(source: string, module = "shop"): PythonAppOptions {
  cases += 1;
  workspace.write(`case-${cases}/legacy/${module}.py`, source);
  return { ...python, directory: join(workspace.folder, `case-${cases}`, "legacy") };
}

/** What `ready()` rejects with. */
async function startFailure(target: string, options: PythonAppOptions): Promise<unknown> {
  const app = pythonApp(target, options);
  onTestFinished(() => app.close());
  return app.ready().catch((error) => error);
}

describe("starting a Python app", () => {
  it.each([
    ["shop:app", () => project("import flask_sqlalchemy\n"), "APP_IMPORT"],
    ["shop:app", () => project("from flask import Flask\napp = Flask(__name__)\napp.run(port=8080)\n"), "APP_IMPORT"],
    ["shop:create_app", () => project("def create_app(): pass\n"), "APP_NOT_CALLABLE"],
    ["shop:connect", () => project("def connect(database): pass\n"), "APP_NOT_CALLABLE"],
    ["shop:app", () => project("async def app(scope, receive, send): pass\n"), "APP_NOT_CALLABLE"],
    ["shop:later", () => project("async def later(environ, start_response): pass\n"), "APP_NOT_CALLABLE"],
    ["shop:application", () => project("def app(): pass\n\ndef index(): pass\n"), "APP_ATTRIBUTE"],
    ["helpers", () => project("def create_shop(): pass\n", "helpers"), "APP_ATTRIBUTE"],
    ["shop:create_app(MODE)", () => project(""), "APP_ATTRIBUTE"],
    ["shop:__name__", () => project(""), "APP_NOT_CALLABLE"],
    ["shop:app", () => ({ ...project("def app(environ, start_response): pass\n"), threads: 1000 }), "APP_THREADS"],
    ["shop:app", () => ({ ...project(POLLER), preload: true }), "APP_PRELOAD"],
    ["shop:app", () => ({ ...project("import time\ntime.sleep(60)\n"), startTimeout: 300 }), "START_TIMEOUT"],
    ["shop:app", () => ({ ...python, python: "python3.99" }), "INTERPRETER"],
    ["shop:app", () => ({ ...python, python: "/bin/false" }), "INTERPRETER"],
  ] as [string, () => PythonAppOptions, string][])("%s: %#", async (target, options, code) => {
    const error = await startFailure(target, options());
    expect(error).toBeInstanceOf(wsgiBridge.StartError);
    expectError(error, `ERR_WSGI_${code}`);
  });
});

it("an app that lacks a variable of Node's environment", async () => {
  vi.stubEnv("DATABASE_URL", "sqlite:///shop.db");
  onTestFinished(() => void vi.unstubAllEnvs());
  const error = await startFailure("shop:app", project('import os\n\nos.environ["DATABASE_URL"]\n'));
  expectError(error, "ERR_WSGI_APP_IMPORT");
});

it("a module that has the name of one of Python's own is found by its file", async () => {
  expect(SECTIONS.get("ERR_WSGI_APP_ATTRIBUTE")).toContain('`"site.py:app"`');
  const options = project("def app(environ, start_response): pass\n", "site");
  expect(await startFailure("site:app", options)).toBeInstanceOf(wsgiBridge.AppAttributeError);
  expect(await startFailure("site.py:app", options)).toBeUndefined();
});

describe("options", () => {
  const legacy = join(workspace.folder, "legacy");
  it.each([
    () => pythonApp("shop:app", { directory: join(workspace.folder, "legcy") }),
    () => pythonApp("shop:app", { directory: legacy, virtualenv: ".venv" }),
    () => pythonApp("shop:app", { python: "python3", virtualenv: ".venv" }),
    () => pythonApp("shop:app", { env: { DATABASE_URL: undefined as never } }),
    () => pythonApp("shop:app", { processes: 0 }),
    () => pythonApp("shop:app", { proceses: 2 } as never),
    () => fromWsgi("shop:app" as never),
    () => fastcgiApp("localhost"),
    () => fromWsgi(ok, { passOn: 404 as never }),
  ])("ERR_WSGI_OPTION: %#", (give) => {
    let error: unknown;
    try {
      give();
    } catch (thrown) {
      error = thrown;
    }
    expectError(error, "ERR_WSGI_OPTION");
  });

  it("ERR_WSGI_OPTION: with a request", async () => {
    const error = await failure(ok, get(), { environ: () => ({ REMOTE_USER: 7 }) });
    expectError(error, "ERR_WSGI_OPTION");
  });
});

describe("remote servers, and apps inside WSGI", () => {
  /** FastCGI's END_REQUEST with the status OVERLOADED. */
  const OVERLOADED = Buffer.from([1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);

  it.each([
    ["UNREACHABLE", unusedAddress],
    ["UNREACHABLE", () => Promise.resolve(join(workspace.folder, "app.sock"))],
    ["UPSTREAM", () => tcpServer((one) => one.once("data", () => one.destroy()))],
    ["UPSTREAM", () => tcpServer((one) => one.once("data", () => one.end("HTTP/1.1 400")))],
    ["OVERLOADED", () => tcpServer((one) => one.once("data", () => one.end(OVERLOADED)))],
  ])("ERR_WSGI_%s: %#", async (code, address) => {
    const app = fastcgiApp(await address(), { logger, gracefulTimeout: 0 });
    onTestFinished(() => app.close());
    expectError(await failure(app, post()), `ERR_WSGI_${code}`);
  });

  it("ERR_WSGI_ENVIRON", async () => {
    const inner = toWsgi((_req, res) => res.end());
    const error = await failure((environ, start) => inner(Object.assign(environ, { PATH_INFO: "shop" }), start));
    expectError(error, "ERR_WSGI_ENVIRON");
  });

  it("ERR_WSGI_RESPONSE_ABORTED: the client sees a broken connection, and no error handler is called", async () => {
    const inner = toWsgi((_req, res) => res.destroy(new Error("on purpose")));
    let handled = false;
    let closed: Promise<unknown> | undefined;
    const thrown = await new Promise((resolve) => {
      const app: WsgiApp = async function* (environ, start) {
        try {
          yield* inner(environ, start) as AsyncIterable<Uint8Array>;
        } catch (error) {
          resolve(error);
          throw error;
        }
      } as WsgiApp;
      const connected = (socket: Socket): void => {
        closed = new Promise((over) => socket.once("close", over));
      };
      failure(app, get(), { connected }).then(
        () => {
          handled = true;
        },
        () => undefined,
      );
    });
    await closed;
    expectError(thrown, "ERR_WSGI_RESPONSE_ABORTED");
    expect(handled).toBe(false);
  });

  it("ERR_WSGI_VALIDATION, and a warning", async () => {
    const warnings: string[] = [];
    const warn = ({ message }: { message: string }): void => void warnings.push(message);
    const app = (...headers: [string, string][]): WsgiApp => validator(answering([], "200 OK", ...headers), { warn });
    expectError(await failure(app()), "ERR_WSGI_VALIDATION");
    await expect(failure(app(["Content-Type", "text/plain"], ["X-Note", "a\tb"]))).rejects.toThrow("has answered");
    messages.expect(warnings[0] ?? "");
  });
});

describe("properties", () => {
  const COMMON = ["name", "code", "message", "status", "expose", "stack"];
  const own = (error: object): string[] => [
    ...Object.keys(error),
    ...Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(error)))
      .filter(([, { get: getter }]) => getter !== undefined)
      .map(([name]) => name),
  ];

  it("are those of the table", () => {
    expect(new Set(seen.map(({ code }) => code))).toEqual(new Set(TABLE.map(({ code }) => code)));
    const real = new Map<string, Set<string>>();
    for (const error of seen) {
      for (const name of own(error))
        if (!COMMON.includes(name)) real.set(name, (real.get(name) ?? new Set()).add(error.name));
    }
    const rows = rowsOf("| property | on | value |").map(([name, on]) => [bare(name), bare(on)]);
    expect(rows.filter(([, on]) => on === "all").map(([name]) => name)).toEqual(COMMON.slice(0, 5));
    const some = rows.filter(([, on]) => on !== "all" && on !== "some");
    expect(new Map(some.map(([name = "", on = ""]) => [name, new Set(on.split(", "))]))).toEqual(real);
  });

  it("a cause is where the sections say so", () => {
    const having = new Set(seen.filter((error) => error.cause !== undefined).map(({ code }) => code));
    const said = [...SECTIONS].filter(([, text]) => text.includes("`cause`")).map(([code]) => code);
    expect(new Set(said)).toEqual(having);
  });

  it("Retry-After is where the sections say so", () => {
    for (const error of seen.filter((one) => "headers" in one)) {
      expect((error as wsgiBridge.QueueFullError).headers).toEqual({ "Retry-After": "1" });
      expect(SECTIONS.get(error.code)).toContain("Retry-After: 1");
    }
  });

  it("TypeScript that tells them apart compiles", () => {
    workspace.typeCheck(page.takeAll("ts"));
  });
});

describe("handling errors", () => {
  const late = async function* (_environ: unknown, start: StartResponse): AsyncGenerator<Uint8Array> {
    start("200 OK", []);
    yield Buffer.from("half");
    throw new Error("late");
  } as unknown as WsgiApp;

  it.each(HOSTS)("$name, by itself", async ({ kind, serve }) => {
    const heard: unknown[] = [];
    const own = new MemoryLogger();
    const host = await serve(
      (environ, start) => (environ.PATH_INFO === "/late" ? late : shop)(environ, start),
      { logger: own },
      (error) => heard.push(error),
    );
    onTestFinished(() => host.close());
    const early = await fetch(`${host.url}/orders/7`);
    const text = await early.text();
    expect(early.status).toBe(500);
    expect(text).not.toContain("shop.py");
    if (kind === "node") expect(text).toBe("");
    else expect(heard).toEqual([expect.any(wsgiBridge.PythonError)]);
    expect(own.lines.some((line) => line.includes("the application failed"))).toBe(kind === "node");

    const { body } = await rawGet(host.port, "/late");
    expect(body).not.toContain("\r\n0\r\n"); // the end of a whole response
    expect(await own.said("Error: late")).toContain("after its response had begun");
    expect(heard).toHaveLength({ express: 1, koa: 2, node: 0, http2: 0 }[kind]);

    const [refused] = (await rawGet(host.port, "/%00")).head.split("\r\n");
    expect(refused).toBe("HTTP/1.1 400 Bad Request");
    expect(own.text).not.toContain("%00");
  });

  it("Express sends the stack unless NODE_ENV is production, and Retry-After in any case; so does Koa", async () => {
    const app = (await import("express")).default;
    const busy = pythonApp("shop:app", { ...project("import time\ntime.sleep(60)\n"), queueLength: 0 });
    onTestFinished(() => busy.close());
    const Koa = (await import("koa")).default;
    const koa = new Koa().use(koaFromWsgi(busy, { logger }));
    koa.silent = true;
    const answers = [];
    for (const env of ["development", "production"]) {
      const site = app().set("env", env).use(fromWsgi(busy, { logger }));
      answers.push(site as unknown as RequestListener);
    }
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined); // Express's own log
    onTestFinished(() => error.mockRestore());
    const texts: string[] = [];
    for (const answer of [...answers, koa.callback()]) {
      const host = await listen(answer);
      onTestFinished(() => host.close());
      const response = await fetch(host.url);
      expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
      texts.push(await response.text());
    }
    expect(texts.map((text) => text.includes("QueueFullError"))).toEqual([true, false, false]);
  });

  it("serveFastcgi answers with the reason phrase", async () => {
    const server = await serveFastcgi(shop, "127.0.0.1:0", { logger });
    onTestFinished(() => server.close());
    const remote = fastcgiApp(server.address, { keepAlive: 0 });
    onTestFinished(() => remote.close());
    const host = await listen(fromWsgi(remote));
    onTestFinished(() => host.close());
    const response = await fetch(`${host.url}/orders/7`);
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error\n"]);
  });

  const PRINTED = /^\/shop\/orders\/7: LookupError: there is no order 7$/m;

  it.each(["Express", "Koa", "node:http"])("the program for %s", async (host) => {
    const code = page.take("js", { Express: "express()", Koa: "new Koa()" }[host] ?? "createServer");
    const mount = host === "node:http" ? "" : "/shop";
    const program = new Heard(workspace.run(loud(code)).process);
    const response = await fetch(`${await program.url()}${mount}/orders/7`);
    expect([response.status, await response.json()]).toEqual([500, { error: "ERR_WSGI_PYTHON_EXCEPTION" }]);
    await program.said(host === "node:http" ? /^\/orders\/7: ERR_WSGI_PYTHON_EXCEPTION$/m : PRINTED);
    await program.said(/^\[\d+\] Traceback \(most recent call last\):\n.*\nLookupError: there is no order 7$/ms); // the traceback, wherever the error goes
    expect(page.text).toContain(`prints \`/shop/orders/7: LookupError: there is no order 7\``);
  });

  it("frameworks pass exceptions on with the settings of the table, and without them do not", async () => {
    const settings = new Map(
      rowsOf("| framework | setting |").map(([name, setting]) => [name, /`(.+?)`/.exec(setting ?? "")?.[1]]),
    );
    const apps: [framework: string, target: string, source: string][] = [
      ["Flask", "blog:app", "from flask import Flask\napp = Flask('a')\nSETTING\n@app.get('/')\ndef view(): 1 / 0\n"],
      ["Bottle", "blog:app", "from bottle import Bottle\napp = Bottle()\nSETTING\n@app.get('/')\ndef view(): 1 / 0\n"],
      [
        "Django",
        "blog_settings",
        `SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
SETTING
`,
      ],
    ];
    const outcome = async (target: string, source: string): Promise<unknown> => {
      const options = project(source, target.split(":")[0]);
      workspace.write(
        `case-${cases}/legacy/urls.py`,
        "from django.urls import path\ndef view(request): 1 / 0\nurlpatterns = [path('', view)]\n",
      );
      const app = pythonApp(target, { ...options, logger: new MemoryLogger() });
      const error = await failure(app, get(), { logger: new MemoryLogger() }).catch(
        (answered: Error) => answered.message,
      );
      await app.close();
      return error instanceof wsgiBridge.PythonError ? error.type : error;
    };
    const outcomes = apps.flatMap(([framework, target, source]) => [
      outcome(target, source.replace("SETTING", settings.get(framework) ?? "")),
      outcome(target, source.replace("SETTING", "")),
    ]);
    const each = ["ZeroDivisionError", "the app has answered"];
    expect(await Promise.all(outcomes)).toEqual([...each, ...each, ...each]);
  });
});

describe("in Python", () => {
  /** The first line in the log of an exception of this class. */
  const logged = async (name: string): Promise<string> =>
    (await logger.saidLine(`${name}: `)).replace(/^.*?Error: /, "");

  it("an app that breaks PEP 3333, or uses what has ended", async () => {
    await failure(faults, get("/split"));
    messages.expect(await logged("AppProtocolError"));
    await failure(faults, post("/late")).catch(() => undefined);
    await failure(faults, get("/later"));
    messages.expect(await logged("RequestEndedError"));
  });

  it("an app whose client has left", async () => {
    workspace.write(
      "legacy/leaving.py",
      `
def app(environ, start_response):
    write = start_response("200 OK", [])
    try:
        while True:
            write(b"x" * 65536)
    except ConnectionAbortedError as error:
        print("raised:", error)
        raise
`,
    );
    const own = new MemoryLogger();
    const app = pythonApp("leaving:app", { ...python, logger: own });
    onTestFinished(() => app.close());
    failure(app, get(), { logger: own, connected: (one) => one.once("data", () => one.destroy()) }).catch(
      () => undefined,
    );
    messages.expect((await own.said("raised: ")).replace("raised: ", ""));
    expect(own.text).not.toContain("Traceback");
  });

  it("RequestTimeout: `except Exception` does not stop it, `finally` runs, and a thread that goes on is stuck", async () => {
    const source = `
import time

def app(environ, start_response):
    try:
        while True:
            time.sleep(0.01)
    except Exception:
        print("caught as an Exception")
    except BaseException as error:
        print(type(error).__name__, "caught")
        if environ["PATH_INFO"] == "/stubborn":
            time.sleep(60)
        raise
    finally:
        print("finally")
`;
    const own = new MemoryLogger();
    const app = pythonApp("shop:app", { ...project(source), requestTimeout: 50, threads: 2, logger: own });
    onTestFinished(() => app.close());
    await Promise.all([failure(app), failure(app, get("/stubborn"))]);
    await Promise.all([
      own.said("RequestTimeout caught"),
      own.said("finally"),
      own.said("has 1 of 2 threads that do not end their request"),
    ]);
    expect(own.text).not.toContain("caught as an Exception");
  });

  it("NodeApp's errors", () => {
    const rows = rowsOf("| exception | when | example |").map(([name]) => bare(name));
    const python = `
import io, json, sys, threading, time
from wsgiref.util import setup_testing_defaults
import wsgi_bridge
from wsgi_bridge import NodeApp, NodeError

def call(app, path="/", method="GET", **more):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.errors": io.StringIO()}
    setup_testing_defaults(environ)
    environ.update(more)
    result = app(environ, lambda status, headers, exc_info=None: None)
    try:
        b"".join(result)
    finally:
        result.close()

def fails(app, *args, **more):
    try:
        call(app, *args, **more)
    except NodeError as error:
        print(json.dumps([type(error).__name__, str(error)]))

missing = NodeApp("server.mjs:app", directory="web", node="node99")
fails(missing)
node = NodeApp("server.mjs:app", directory="web", lanes=1, request_timeout=0.6, queue_timeout=0.1)
fails(node, "/exit", "POST")
fails(node, "/cut")
fails(node, "/", "POST", CONTENT_LENGTH="10", **{"wsgi.input": io.BytesIO(b"abc")})
fails(node, CONTENT_LENGTH="ten")
node.start()
hanging = threading.Thread(target=lambda: fails(node, "/hang"))
hanging.start()
while node._pool._free: time.sleep(0.01)
fails(node)
hanging.join()
node.close()
fails(node)
print(json.dumps([name for name in wsgi_bridge.__all__ if name.endswith("Error") and name != "NodeError"]))
`;
    const lines = runPython(python).trim().split("\n");
    const exported = JSON.parse(lines.pop() ?? "") as string[];
    expect(exported.toSorted()).toEqual(rows.toSorted());
    const said = lines.map((line) => JSON.parse(line) as [string, string]);
    expect(new Set(said.map(([name]) => name))).toEqual(new Set(rows));
    for (const [name, text] of said) {
      if (text.includes("request_timeout")) continue; // only queue_timeout's message is on the page
      const example = messages.expect(text);
      const row = rowsOf("| exception | when | example |").find(([exception]) => bare(exception) === name);
      expect(row?.[2]).toBe(`\`${example}\``);
    }
  });

  it("the WSGI app that catches them", () => {
    const app = page.take("python", "NodeError");
    const call = `
import io
from wsgiref.util import setup_testing_defaults
environ = {"PATH_INFO": "/exit", "REQUEST_METHOD": "POST", "wsgi.errors": io.StringIO()}
setup_testing_defaults(environ)
print(application(environ, lambda *head: print(head)))
print(environ["wsgi.errors"].getvalue())
environ["PATH_INFO"] = "/"
print(b"".join(application(environ, lambda *head: None)))
`;
    const lines = runPython(app + call).split("\n");
    expect(lines[0]).toContain("502 Bad Gateway");
    expect(lines[1]).toBe("[b'The page cannot be shown.\\n']");
    expect(lines[2]).toMatch(/^NodeExitError: /);
    expect(lines).toContain("b'hello'");
  });

  function runPython(code: string): string {
    const env = { ...process.env, PYTHONPATH: join(ROOT, "python") };
    return execFileSync("python3", ["-c", code], { cwd: workspace.folder, env, encoding: "utf8", stdio: "pipe" });
  }
});

it("has no message that nobody produces", () => expect(messages.left).toEqual([]));
it("has no block that is not tested", () => expect(page.untested).toEqual([]));
