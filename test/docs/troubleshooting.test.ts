/** docs/troubleshooting.md: each message is provoked, each program runs, and what the tables say happens. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import compression from "compression";
import express from "express";
import helmet from "helmet";
import Koa from "koa";
import multer from "multer";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { fastcgiApp } from "../../src/fastcgi.ts";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { INHERITED } from "../../src/python/environment.ts";
import { type PythonApp, type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawConnection } from "../support/server.ts";
import { unusedAddress } from "../support/unused-address.ts";
import { Heard, Messages } from "./messages.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/troubleshooting.md");
const workspace = new Workspace({
  "legacy/shop.py": `
import json, os
from wsgiref.util import application_uri

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/old":
        start_response("302 Found", [("Location", application_uri(environ).rstrip("/") + "/echo")])
        return []
    start_response("200 OK" if path in ("/", "/echo", "/env") else "404 Not Found", [("Content-Type", "text/plain")])
    if path == "/":
        print("printed")
        environ["wsgi.errors"].write("written\\n")
        return [b"The shop is at " + application_uri(environ).encode()]
    if path == "/env":
        return [json.dumps(dict(os.environ)).encode()]
    body = environ["wsgi.input"].read().decode()
    fields = {"method": environ["REQUEST_METHOD"], "length": environ.get("CONTENT_LENGTH"), "body": body}
    return [json.dumps(fields).encode() if path == "/echo" else b"Python has no such page"]
`,
  "legacy/faults.py": `
import os, re, signal, socket, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        os._exit(3)
    if path == "/kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "/close":
        os.closerange(4, 256)
    if path == "/control":
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
        time.sleep(60)
    if path == "/sleep":
        time.sleep(60)
    if path == "/locked":
        re.match("(a+)+$", "a" * 60 + "b")
    if path == "/loop":
        print("looping")
    while path == "/loop":
        time.sleep(0.01)
    if path == "/hop":
        start_response("200 OK", [("Connection", "close")])
        return []
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/half":
        def half():
            yield b"half"
            raise KeyError("late")
        return half()
    if path == "/pause":
        def pause():
            yield b"one"
            while True:
                time.sleep(0.01)
        return pause()
    if path == "/stream":
        def stream():
            while True:
                yield b"data: x\\n\\n"
                time.sleep(0.05)
        return stream()
    return [b"hello"]
`,
});
process.env.PATH = workspace.env.PATH; // so that python3 has the frameworks
process.env.NO_COLOR = "1";
delete process.env.VIRTUAL_ENV;
delete process.env.NODE_ENV; // vitest's

const messages = new Messages(workspace, page.takeAll("text"));
const logger = new MemoryLogger();
const LEGACY = join(workspace.folder, "legacy");
const python: PythonAppOptions = { directory: LEGACY, processes: 1, logger };

/** A Python app that is closed when its test is over. */
function start(target: string, options: PythonAppOptions = {}): PythonApp {
  const app = pythonApp(target, { ...python, ...options });
  onTestFinished(() => app.close());
  return app;
}

let cases = 0;
/** A folder of its own with this shop.py. */
function project(source: string): { directory: string } {
  cases += 1;
  workspace.write(`case-${cases}/legacy/shop.py`, source);
  return { directory: join(workspace.folder, `case-${cases}`, "legacy") };
}

/** A server until the test is over. @param listener `node:http`'s, or an Express app, whose type says less of it */
async function serve(listener: unknown): Promise<string> {
  const server = await listen(listener as RequestListener);
  onTestFinished(() => server.close());
  return server.url;
}

/** What the host's error handling is told of a request. */
async function failure(
  app: WsgiApp,
  path = "/",
  init: RequestInit = {},
  options: FromWsgiOptions = {},
): Promise<Error> {
  const middleware = fromWsgi(app, { logger, ...options });
  let told: Error | undefined;
  const url = await serve((req: IncomingMessage, res: ServerResponse) =>
    middleware(req, res, (error) => {
      told = error as Error;
      res.writeHead(500).end();
    }),
  );
  await (await fetch(url + path, init)).text();
  if (told === undefined) throw new Error("the app has answered");
  return told;
}

/** What is thrown, or rejected with. */
async function thrown(act: () => unknown): Promise<Error> {
  try {
    await act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** The first line with this text, without the id of its request. */
async function logged(text: string, from: MemoryLogger = logger): Promise<string> {
  return (await from.said(text)).replace(/^\[\d+\] /, "");
}

const POST: RequestInit = { method: "POST" };

/** What takes seconds, since processes are given time to end: begun first, and waited for where it is needed. */
const late = neverLoaded();
const slow = { endless: endless(), late, timeouts: timeouts(), locked: late.then(locked) };

/** The log of an app that is closed while a request runs. */
async function endless(): Promise<string> {
  const own = new MemoryLogger();
  const app = pythonApp("faults:app", { ...python, gracefulTimeout: 50, logger: own });
  await app.ready();
  const server = await listen(fromWsgi(app, { logger: own }));
  fetch(`${server.url}/loop`).catch(() => undefined);
  await own.said("looping");
  await Promise.all([app.close(), server.close()]);
  return own.said("gracefulTimeout");
}

/** What `ready()` says of a module that waits for ever. */
async function neverLoaded(): Promise<string> {
  const source = "import threading\n\nthreading.Event().wait()\n";
  const app = pythonApp("shop:app", { ...python, ...project(source), startTimeout: 1_500, logger: new MemoryLogger() });
  const { message } = await thrown(() => app.ready());
  await app.close();
  return message;
}

/** The log of an app with a request over requestTimeout that holds the interpreter's lock. */
async function locked(): Promise<string> {
  const own = new MemoryLogger();
  const app = pythonApp("faults:app", { ...python, requestTimeout: 150, logger: own });
  await app.ready();
  const server = await listen(fromWsgi(app, { logger: own }));
  await fetch(`${server.url}/locked`);
  const line = await own.said("does not react");
  await Promise.all([app.close(), server.close()]);
  return line;
}

/** The statuses and the log of requests over requestTimeout: one in Python code, then one in C for each of four threads. */
async function timeouts(): Promise<{ statuses: number[]; log: MemoryLogger }> {
  const log = new MemoryLogger();
  const app = pythonApp("faults:app", { ...python, requestTimeout: 150, logger: log });
  await app.ready();
  const server = await listen(fromWsgi(app, { logger: log }));
  const answers = [await fetch(`${server.url}/loop`), await fetch(`${server.url}/sleep`)];
  await log.said("has 1 of 4 threads");
  await Promise.all([1, 2, 3].map(() => fetch(`${server.url}/sleep`)));
  await log.said("Fatal Python error: Aborted");
  await Promise.all([app.close(), server.close()]);
  return { statuses: answers.map(({ status }) => status), log };
}

let faults: PythonApp;
let shop: PythonApp;
beforeAll(async () => {
  faults = pythonApp("faults:app", { ...python, threads: 2, requestTimeout: 150, streamTimeout: 150 });
  shop = pythonApp("shop:app", python);
  await Promise.all([faults.ready(), shop.ready()]);
});
afterAll(() => Promise.all([faults.close(), shop.close()]));

it("has its messages", () => {
  const [, chapter = ""] = /^## Messages\n([\s\S]*?)^## /m.exec(page.text) ?? [];
  expect(chapter.match(/^### /gm)).toHaveLength(24);
});

describe("messages", () => {
  it("the module cannot be imported", async () => {
    const own = new MemoryLogger();
    start("shop:app", { ...project("import flask_sqlalchemy\n"), logger: own });
    const line = await own.said("No module named");
    messages.expect(line);
  });

  it("the module has no attribute", async () => {
    const app = start("shop:application", project("def create_app(): return lambda environ, start_response: []\n"));
    messages.expect((await thrown(() => app.ready())).message);
    const factory = start("shop:create_app()", { directory: join(workspace.folder, `case-${cases}`, "legacy") });
    await factory.ready();
    expect(page.text).toContain('`pythonApp("shop:create_app()")`');
  });

  it("the interpreter cannot be run", async () => {
    const app = start("shop:app", { python: "python3.99" });
    messages.expect((await thrown(() => app.ready())).message);
  });

  it("options", async () => {
    const venv = await thrown(() => pythonApp("shop:app", { ...python, virtualenv: ".venv" }));
    messages.expect(venv.message);
    const env = await thrown(() => pythonApp("shop:app", { ...python, env: { DATABASE_URL: undefined as never } }));
    messages.expect(env.message);
    messages.expect((await thrown(() => fromWsgi("shop:app" as never))).message);
  });

  it("the module runs a server", async () => {
    const source = "from flask import Flask\napp = Flask(__name__)\napp.run()\n";
    messages.expect((await thrown(() => start("shop:app", project(source)).ready())).message);
    await start("shop:app", project(page.take("python", "app.run()"))).ready();
    await start("shop:app", { ...project(source), env: { FLASK_RUN_FROM_CLI: "true" } }).ready();
    expect(page.text).toContain('`env: { FLASK_RUN_FROM_CLI: "true" }`');
  });

  it("the app is an ASGI app, or a factory", async () => {
    const asgi = "class FastAPI:\n    async def __call__(self, scope, receive, send): pass\n\napp = FastAPI()\n";
    messages.expect((await thrown(() => start("shop:app", project(asgi)).ready())).message);
    const factory = project("def create_app(config=None): return lambda environ, start_response: []\n");
    messages.expect((await thrown(() => start("shop:create_app", factory).ready())).message);
    await start("shop:create_app()", factory).ready();
  });

  it("startTimeout, for a module that waits for ever", async () => {
    messages.expect(await slow.late);
  });

  it("did not start: a 503 for each request", async () => {
    const own = new MemoryLogger();
    const error = await failure(start("nowhere:app", { logger: own }));
    messages.expect(error.message);
    expect(error).toMatchObject({ status: 503 });
    expect(own.text).toContain("did not start"); // what the page tells to search for
  });

  it("an Express app in fromWsgi", async () => {
    const blog = express().get("/", (_req, res) => void res.send("blog"));
    messages.expect((await failure(blog as unknown as WsgiApp)).message);
    expect(await (await fetch(`${await serve(express().use("/blog", blog))}/blog`)).text()).toBe("blog");
  });

  it("the body was read", async () => {
    const told: Error[] = [];
    const form = new FormData();
    form.set("name", "value");
    const site = express().use(multer().any(), fromWsgi(faults, { logger }));
    site.use((error: Error, _req: IncomingMessage, res: ServerResponse, _next: unknown) => {
      told.push(error);
      res.writeHead(500).end();
    });
    await fetch(await serve(site), { method: "POST", body: form });
    messages.expect(told[0]?.message ?? "");
  });

  it("hop-by-hop", async () => {
    expect((await fetch(`${await serve(fromWsgi(faults))}/hop`)).status).toBe(200);
    messages.expect((await logger.saidLine("hop-by-hop")).replace("faults.py", "shop.py").replace("/hop", "/proxy"));
  });

  it("SQLite in another thread; signals and event loops too", async () => {
    const app = start(
      "shop:app",
      project(`
import asyncio, signal, sqlite3
db = sqlite3.connect(":memory:")
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/db": db.execute("select 1")
    if path == "/signal": signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    if path == "/loop": asyncio.get_event_loop()
    start_response("200 OK", [])
    return []
`),
    );
    await failure(app, "/db");
    messages.expect(await logger.saidLine("ProgrammingError"));
    await failure(app, "/signal");
    expect(await logged("ValueError")).toContain("signal only works in main thread");
    expect(page.text).toContain("`signal only works in main thread`");
    expect(await failure(app, "/loop")).toMatchObject({ type: "RuntimeError" });
  });

  it("requestTimeout: in Python code, and in C", async () => {
    const { statuses, log } = await slow.timeouts;
    expect(statuses).toEqual([504, 504]);
    const first = log.lines.find((line) => /GET \/loop.*Python process/.test(line))?.replace(/^\[\d+\] /, "");
    const frame = await logged('faults.py", line', log);
    messages.expect(`${first}\n${frame}`.replace("/loop", "/report").replace("faults", "shop"));
    for (const text of ["has 1 of 4", "has 4 of 4"])
      messages.expect((await logged(text, log)).replace("faults", "shop"));
    messages.expect((await slow.locked).replace("faults", "shop"));
  });

  it("queueTimeout", async () => {
    const app = start("shop:app", { ...project("import time\ntime.sleep(60)\n"), queueTimeout: 20 });
    messages.expect((await failure(app)).message);
  });

  it("lost with its process", async () => {
    expect(await failure(faults, "/kill", POST)).toMatchObject({ status: 502 });
    const lost = (await logged("POST /kill")).replace("/kill", "/pay");
    messages.expect(lost);
    const killed = (await logged("SIGKILL")).replace("faults", "shop");
    messages.expect(killed);
    await failure(faults, "/exit", POST);
    const ended = (await logged("code 3")).replace("faults", "shop");
    messages.expect(ended);
  });

  it("failed after its response had begun", async () => {
    await expect(failure(faults, "/half")).rejects.toThrow(); // the connection breaks
    const line = (await logged("GET /half")).split("\n", 1)[0]?.replace("/half", "/report") ?? "";
    messages.expect(line);
  });

  it("gracefulTimeout", async () => {
    const line = (await slow.endless).replace("faults", "shop");
    messages.expect(line);
  });

  it("reload: true with a file that cannot be imported, then with a good one", async () => {
    const own = new MemoryLogger();
    const { directory } = project("def app(environ, start_response): pass\n");
    const save = (source: string): unknown => workspace.write(`case-${cases}/legacy/shop.py`, source);
    const app = start("shop:app", { directory, reload: true, logger: own });
    await app.ready();
    const saved = setInterval(() => save("import nowhere\n"), 300); // until it is watched
    onTestFinished(() => clearInterval(saved));
    const line = await own.said("No module named 'nowhere'").then(() => own.said("files have changed"));
    clearInterval(saved);
    messages.expect(line);
    save("def app(environ, start_response): pass\n# mended\n");
    await own.said("new code");
  });

  it("nobody listens at the address", async () => {
    const app = fastcgiApp(await unusedAddress(), { logger });
    onTestFinished(() => app.close());
    messages.expect((await failure(app)).message);
  });
});

/** Runs a program of Node's in the folder. */
function node(args: readonly string[], env: NodeJS.ProcessEnv = {}, folder = "."): ChildProcess & { heard: Heard } {
  const child = spawn(process.execPath, args, {
    cwd: join(workspace.folder, folder),
    env: { ...workspace.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // its group is killed with it
  });
  onTestFinished(() => {
    try {
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // it has ended
    }
  });
  return Object.assign(child, { heard: new Heard(child) });
}

/** A program of the page, as a file that says where it listens. */
function program(name: string, code: string): string {
  const announce = 'listen(0, function () { console.log("port", this.address().port); })';
  workspace.write(name, code.replace("listen(3000)", announce));
  return name;
}

/** The rows of the first table that begins with this line, after a heading if there is one. */
function rowsOf(head: string, heading = ""): string[][] {
  const at = page.text.indexOf(`\n${head}\n`, page.text.indexOf(heading));
  if (at === -1) throw new Error(`the page has no table ${head}`);
  const [, , ...lines] = page.text.slice(at + 1, page.text.indexOf("\n\n", at)).split("\n");
  return lines.map((line) => line.replace(/^\| | \|$/g, "").split(" | "));
}

const spans = (cell = ""): string[] => [...cell.matchAll(/`(.+?)`(?!`)/g)].map(([, code]) => code as string);

/** A JavaScript app that answers with what it was given. */
const mirror: WsgiApp = async (environ, startResponse) => {
  const { SCRIPT_NAME, PATH_INFO, HTTP_HOST, REMOTE_ADDR, CONTENT_LENGTH } = environ;
  const scheme = environ["wsgi.url_scheme"];
  const body = Buffer.from(await environ["wsgi.input"].read()).toString();
  startResponse("200 OK", [["Content-Type", "application/json"]]);
  return [
    Buffer.from(JSON.stringify({ SCRIPT_NAME, PATH_INFO, HTTP_HOST, REMOTE_ADDR, CONTENT_LENGTH, scheme, body })),
  ];
};

async function json(url: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  return (await (await fetch(url, init)).json()) as Record<string, unknown>;
}

const FORWARDED = {
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "shop.example.com",
  "X-Forwarded-For": "203.0.113.9",
};

describe("where to look", () => {
  it("stats() by a route", async () => {
    const { heard } = node([program("stats.mjs", page.take("js", "/-/stats"))]);
    const url = await heard.url();
    await (await fetch(url)).text();
    const stats = (await json(`${url}/-/stats`)) as never as ReturnType<PythonApp["stats"]>;
    expect(stats.latency.count).toBe(1);
    for (const [name = ""] of rowsOf("| `stats()` | meaning | what to do |")) {
      for (const path of spans(name)) expect(path, "is in stats()").toSatisfy((one: string) => isInStats(one, stats));
    }
  });

  function isInStats(path: string, stats: ReturnType<PythonApp["stats"]>): boolean {
    const states = ["starting", "ready"];
    const found = path
      .split(".")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], stats);
    return found !== undefined || path in (stats.processes[0] ?? {}) || states.includes(path) || path === "threads";
  }

  it("the app that shows what it is given", async () => {
    workspace.write("legacy/look.py", page.take("python", "lines.append"));
    const url = await serve(express().use("/m", fromWsgi(start("look:app"))));
    const text = await (await fetch(`${url}/m/a%20b?c`, { ...POST, body: "hello" })).text();
    for (const line of ["SCRIPT_NAME: '/m'", "PATH_INFO: '/a b'", "QUERY_STRING: 'c'", "body: 5 bytes, b'hello'"]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).toMatch(/^HTTP_HOST: '127\.0\.0\.1:\d+'$/m);
  });
});

describe("starting", () => {
  it("a module is looked for with the interpreter", () => {
    const command = page.take("sh", "import sys");
    const said = execFileSync("sh", ["-c", command], { env: workspace.env, encoding: "utf8" });
    expect(said).toMatch(/python\S* .*flask\/__init__\.py/);
  });

  it("PYTHONPATH from directory; a package by its name", async () => {
    const [, , path = ""] =
      rowsOf("| missing module | reason | what to do |").find(([one]) => one?.includes("another folder")) ?? [];
    workspace.write("legacy/lib/inlib.py", "");
    workspace.write("shared/inshared.py", "");
    workspace.write("legacy/far.py", "import inlib, inshared\ndef app(environ, start_response): pass\n");
    const { env } = new Function(`return ({ ${spans(path)[0]} })`)() as { env: Record<string, string> };
    await start("far:app", { env }).ready();
    workspace.write("legacy/near.py", "from legacy import far\napp = far.app\n");
    await expect(start("near:app", { env }).ready()).rejects.toThrow(/No module named 'legacy'/);
    await start("legacy.near:app", { directory: workspace.folder, env: { PYTHONPATH: "legacy/lib:shared" } }).ready();
    expect(page.text).toContain('`"legacy.shop:app"`');
  });

  it("a virtual environment beside package.json", async () => {
    symlinkSync(join(ROOT, ".venv"), join(workspace.folder, "python"));
    const code = page.take("js", "virtualenv");
    const url = await node([program("venv.mjs", code)]).heard.url();
    expect((await json(`${url}/env`)).VIRTUAL_ENV).toBe(join(workspace.folder, "python"));
    symlinkSync(join(ROOT, ".venv"), join(workspace.folder, ".venv"));
    onTestFinished(() => rmSync(join(workspace.folder, ".venv")));
    const found = await serve(fromWsgi(start("shop:app", { python: undefined })));
    expect((await json(`${found}/env`)).VIRTUAL_ENV).toBe(join(workspace.folder, ".venv"));
  });

  it("environment variables: the list is the source's, and env adds to it", async () => {
    const [, listed = ""] = /They get (`PATH`[\s\S]*?)\.\s+Name everything/.exec(page.text) ?? [];
    expect(spans(listed)).toEqual(INHERITED);

    const { heard } = node([program("env.mjs", page.take("js", "DJANGO_SETTINGS_MODULE"))], {
      SECRET: "x",
      DATABASE_URL: "db",
    });
    const env = await json(`${await heard.url()}/env`);
    expect(env).toMatchObject({ DATABASE_URL: "db", DJANGO_SETTINGS_MODULE: "project.settings" });
    expect(env).not.toHaveProperty("SECRET");
    process.env.SECRET = "x";
    onTestFinished(() => void delete process.env.SECRET);
    const all = await serve(fromWsgi(start("shop:app", { env: "inherit" })));
    expect(await json(`${all}/env`)).toHaveProperty("SECRET");
  });

  it("env: process.env needs a cast in TypeScript", () => {
    const call = (env: string): string =>
      `import { pythonApp } from "wsgi-bridge/python";\npythonApp("a:b", { env: ${env} });`;
    workspace.typeCheck([call("process.env as Record<string, string>")]);
    expect(() => workspace.typeCheck([call("process.env")])).toThrow(/not assignable/);
    expect(page.text).toContain("`env: process.env as Record<string, string>`");
  });

  it.skipIf(process.platform !== "linux")("what a process has, by /proc", () => {
    const [, command = ""] = /on Linux: `(tr .*?)`/.exec(page.text) ?? [];
    const pid = shop.stats().processes[0]?.pid;
    expect(execFileSync("sh", ["-c", command.replace("PID", String(pid))], { encoding: "utf8" })).toMatch(/^PATH=/m);
    const [, list = ""] = /`(ps -eo .*?)`/.exec(page.text) ?? [];
    expect(execFileSync("sh", ["-c", list], { encoding: "utf8" })).toMatch(new RegExp(`^ *${pid} .*shop:app`, "m"));
  });

  it("a module is imported in each process", async () => {
    const own = new MemoryLogger();
    const { directory } = project('print("imported")\ndef app(environ, start_response): pass\n');
    const app = pythonApp("shop:app", { directory, processes: 2, logger: own });
    onTestFinished(() => app.close());
    await app.ready();
    expect(own.lines.filter((line) => line === "imported")).toHaveLength(2);
  });

  it("the port is in use", async () => {
    const taken = createTcpServer().listen(0);
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const code = page.take("js", "process.env.PORT");
    const file = program("port.mjs", code);
    const [free, busy, ignoring] = [
      node([file], { PORT: "0" }),
      node([file], { PORT: String(port) }),
      node([program("ignoring.mjs", code.replace(/^.*throw error.*$/m, ""))], { PORT: String(port) }),
    ];
    const [[status]] = await Promise.all([once(busy as ChildProcess, "exit"), free?.heard.said(/^ready$/m)]);
    expect(status).toBe(1);
    messages.expect((await busy?.heard.said(/listen EADDRINUSE.*/))?.[0] ?? "");
    await ignoring?.heard.said(/^ready$/m);
    expect(ignoring?.exitCode).toBeNull();
  });
});

describe("requests", () => {
  it("the body parser behind the app, or on its own routes", async () => {
    const { heard } = node([program("bodies.mjs", page.take("js", "express.json()"))]);
    const url = await heard.url();
    const body = '{"a": 1}';
    const init = { ...POST, body, headers: { "Content-Type": "application/json" } };
    expect(await json(`${url}/api/orders`, init)).toEqual({ got: { a: 1 } });
    expect(await json(`${url}/shop/echo`, init)).toEqual({ method: "POST", length: "8", body });
  });

  it("what body parsers before the app do", async () => {
    const told: unknown[] = [];
    const host = (...before: RequestListener[]): Promise<string> => {
      const site = express().use(...(before as never[]), fromWsgi(shop, { logger }));
      site.use(
        (error: { code?: string; type?: string }, _req: IncomingMessage, res: express.Response, _next: unknown) => {
          told.push(error.code ?? error.type);
          res.sendStatus((error as { status?: number }).status ?? 500);
        },
      );
      return serve(site);
    };
    const init = (body: string): RequestInit => ({ ...POST, body, headers: { "Content-Type": "application/json" } });
    const parsed = await host(express.json() as never);
    expect(await json(`${parsed}/echo`, init('{"a": 1}'))).toMatchObject({ body: '{"a":1}' });
    expect((await fetch(`${parsed}/echo`, init(`"${"x".repeat(110_000)}"`))).status).toBe(413);
    expect((await fetch(`${parsed}/echo`, init("{a"))).status).toBe(400);
    expect(told).toEqual(["entity.too.large", "entity.parse.failed"]);
    for (const symptom of ["413 `request entity too large`", "400 `entity.parse.failed`"])
      expect(page.text).toContain(symptom);

    const [keep = ""] = spans(page.text).filter((code) => code.includes("verify"));
    const kept = await host(new Function("express", `return ${keep}`)(express));
    expect(await json(`${kept}/echo`, init('{"a": 1}'))).toMatchObject({ body: '{"a": 1}' });
    const waiting = await host((async (_req: unknown, _res: unknown, next: () => void) => {
      await new Promise(setImmediate);
      next();
    }) as never);
    expect(await json(`${waiting}/echo`, init("late"))).toMatchObject({ body: "late" });
    expect(await json(`${waiting}/old`, init("lost"))).toMatchObject({ method: "GET", body: "" });
  });

  it("an upload without a length", async () => {
    const chunked = { ...POST, body: new Blob(["hello"]).stream(), duplex: "half" } as RequestInit;
    expect(await json(await serve(fromWsgi(mirror)), chunked)).toMatchObject({ body: "hello" });
    const again = { ...POST, body: new Blob(["hello"]).stream(), duplex: "half" } as RequestInit;
    expect(await json(`${await serve(fromWsgi(shop))}/echo`, again)).toMatchObject({ length: "5", body: "hello" });
    const third = { ...POST, body: new Blob(["hello"]).stream(), duplex: "half" } as RequestInit;
    expect(await json(await serve(fromWsgi(mirror)), third)).not.toHaveProperty("CONTENT_LENGTH");
  });

  it.each(rowsOf("| you wrote | `GET /shop/cart`: `SCRIPT_NAME`, `PATH_INFO` | |"))(
    "mount: %s",
    async (wrote, cell) => {
      const [script, path] = (cell ?? "").split(", ").map((one) => one.replaceAll("`", "").replace("empty", ""));
      const site = express();
      const [first = "", mount = first] = spans(wrote);
      if (mount !== first)
        site.use((req, _res, next) => {
          new Function("req", first)(req);
          next();
        });
      new Function("app", "fromWsgi", "shop", mount)(site, fromWsgi, mirror);
      expect(await json(`${await serve(site)}/shop/cart`)).toMatchObject({
        SCRIPT_NAME: script,
        PATH_INFO: path,
      });
    },
  );

  it("routers add up; a prefix that the proxy removes is told by environ", async () => {
    const router = express.Router().use("/shop", fromWsgi(mirror));
    const nested = await serve(express().use("/legacy", router));
    expect(await json(`${nested}/legacy/shop/a`)).toMatchObject({ SCRIPT_NAME: "/legacy/shop", PATH_INFO: "/a" });
    const [, code = ""] = /`(fromWsgi\(shop, \{ environ: \(req\).*?)`/.exec(page.text) ?? [];
    const removed = new Function("fromWsgi", "shop", `return ${code}`)(fromWsgi, mirror);
    expect(await json(`${await serve(express().use("/a", removed))}/a/b`)).toMatchObject({
      SCRIPT_NAME: "/shop/a",
      PATH_INFO: "/b",
    });
  });

  const nginx = spawnSync("nginx", ["-v"]).error === undefined;
  const location = page.take("nginx");
  it.skipIf(!nginx)("nginx keeps the prefix, the host and the scheme", async () => {
    const site = express().set("trust proxy", "loopback").use("/shop", fromWsgi(mirror)).use(fromWsgi(mirror));
    const port = new URL(await serve(site)).port;
    const folder = join(workspace.folder, "nginx");
    mkdirSync(folder);
    const server = (name: string, block: string): string =>
      `server { listen unix:${folder}/${name}.sock; ${block.replace("3000", port)} }`;
    workspace.write(
      "nginx/nginx.conf",
      `daemon off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
${server("kept", location)}
${server("removed", location.replace("3000;", "3000/;"))} }`,
    );
    const child = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr"], {
      stdio: "inherit",
    });
    onTestFinished(async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    });
    const ask = async (name: string): Promise<Record<string, unknown>> => {
      for (;;) {
        const answer = await new Promise<string>((resolve) => {
          const asked = httpRequest({
            socketPath: join(folder, `${name}.sock`),
            path: "/shop/cart",
            headers: { Host: "shop.example.com" },
          });
          asked
            .on("error", () => resolve(""))
            .on("response", (res) => {
              let text = "";
              res.on("data", (part) => (text += part)).on("end", () => resolve(text));
            });
          asked.end();
        });
        if (answer !== "") return JSON.parse(answer);
        if (child.exitCode !== null) throw new Error("nginx has ended");
      }
    };
    expect(await ask("kept")).toMatchObject({
      SCRIPT_NAME: "/shop",
      PATH_INFO: "/cart",
      HTTP_HOST: "shop.example.com",
      scheme: "http",
    });
    expect(await ask("removed")).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/cart" });
  });

  it("nginx: each directive is one that sets what the page says", () => {
    const directives = location.match(/^ {4}\w+/gm)?.map((one) => one.trim());
    expect(new Set(directives)).toEqual(new Set(["proxy_pass", "proxy_set_header"]));
    expect(location).toMatch(/^location \/shop\/ \{\n {4}proxy_pass http:\/\/127\.0\.0\.1:3000;\n/);
  });

  it("https and the host, where the proxy is trusted: Express", async () => {
    const { heard } = node([program("trusting.mjs", page.take("js", "trust proxy"))]);
    const url = await heard.url();
    expect(await (await fetch(url, { headers: FORWARDED })).text()).toBe("The shop is at https://shop.example.com/");
    const distrusting = await serve(express().use(fromWsgi(mirror)));
    expect(await json(distrusting, { headers: FORWARDED })).toMatchObject({ scheme: "http", REMOTE_ADDR: "127.0.0.1" });
  });

  it("https: Koa, node:http, and in Python", async () => {
    const [, koa, bare] = rowsOf("| host | write |").map(([, write]) => spans(write)[0] ?? "");
    const app = new Koa().use(koaFromWsgi(mirror));
    new Function("app", koa ?? "")(app);
    expect(await json(await serve(app.callback()), { headers: FORWARDED })).toMatchObject({
      scheme: "https",
      HTTP_HOST: "shop.example.com",
    });
    const handler = new Function("fromWsgi", "shop", `return ${bare}`)(fromWsgi, mirror);
    expect(await json(await serve(handler))).toMatchObject({ scheme: "https" });
    workspace.write("legacy/proxied.py", page.take("python", "ProxyFix"));
    const fixed = await serve(fromWsgi(start("proxied:app")));
    expect(await (await fetch(fixed, { headers: { ...FORWARDED, "X-Forwarded-Prefix": "/shop" } })).text()).toBe(
      "https://shop.example.com/shop/",
    );
  });

  it("CSRF in Django: the scheme, the host, Origin: null, and a host that is not allowed", async () => {
    const source = `
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, DEBUG=True, ALLOWED_HOSTS=["shop.example.com"], ROOT_URLCONF=__name__, DATA_UPLOAD_MAX_MEMORY_SIZE=1000,
    STATIC_URL="static/", INSTALLED_APPS=["django.contrib.staticfiles"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware"],
)
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import path
def form(request):
    return HttpResponse(get_token(request) if request.method == "GET" else "posted")
def asset(request):
    return HttpResponse(static("a.css"))
urlpatterns = [path("", form), path("asset", asset)]
app = get_wsgi_application()
`;
    const own = new MemoryLogger();
    const press = start("shop:app", { directory: project(source).directory, logger: own });
    const post = async (site: express.Express, origin: string, body = ""): Promise<Response> => {
      const url = await serve(site.use(fromWsgi(press, { logger: own })));
      const headers = { ...FORWARDED, Origin: origin };
      const got = await fetch(url, { headers });
      const cookie = got.headers.get("Set-Cookie")?.split(";", 1)[0] ?? "";
      const form = new URLSearchParams({ csrfmiddlewaretoken: await got.text(), body });
      return fetch(url, { ...POST, body: form, headers: { ...headers, Cookie: cookie } });
    };
    const trusting = (): express.Express => express().set("trust proxy", "loopback");
    const origin = "https://shop.example.com";
    expect((await post(trusting(), origin)).status).toBe(200);
    expect((await post(trusting(), origin, "x".repeat(2000))).status).toBe(400); // DATA_UPLOAD_MAX_MEMORY_SIZE

    const hostOnly = express().use((req, _res, next) => {
      req.headers.host = "shop.example.com";
      req.rawHeaders = req.rawHeaders.map((one, i, all) =>
        all[i - 1]?.toLowerCase() === "host" ? "shop.example.com" : one,
      );
      next();
    });
    expect((await post(hostOnly, origin)).status).toBe(403);
    messages.expect(await own.saidLine("Origin checking failed - https"));
    const helmeted = trusting().use(helmet());
    helmeted.get("/own", (_req, res) => void res.send("a page of Express's"));
    expect((await post(helmeted, "null")).status).toBe(403);
    messages.expect(await own.saidLine("Origin checking failed - null"));

    const url = await serve(helmeted);
    const policy = async (path: string): Promise<string | null> =>
      (await fetch(url + path, { headers: FORWARDED })).headers.get("Referrer-Policy");
    expect([await policy("/own"), await policy("/")]).toEqual(["no-referrer", "same-origin"]);
    const [, better = ""] = /`(helmet\(\{.*?)`/.exec(page.text) ?? [];
    const own2 = express().use(new Function("helmet", `return ${better}`)(helmet));
    const with2 = await fetch(await serve(own2.get("/", (_req, res) => void res.send(""))));
    expect(with2.headers.get("Referrer-Policy")).toBe("strict-origin-when-cross-origin");

    expect((await fetch(await serve(fromWsgi(press, { logger: own })))).status).toBe(400); // DisallowedHost
    expect(own.text).toContain("ALLOWED_HOSTS");
    for (const [url, link] of [
      ["static/", "/shop/static/a.css"],
      ["/static/", "/static/a.css"],
    ]) {
      const { directory } = project(source.replace('"static/"', `"${url}"`));
      const mounted = await serve(trusting().use("/shop", fromWsgi(start("shop:app", { directory }), { logger: own })));
      expect(await (await fetch(`${mounted}/shop/asset`, { headers: FORWARDED })).text()).toBe(link);
    }
  });

  it("uploads: 413 by maxBodySize, 408 by Node, and the defaults that the table names", async () => {
    const server = createServer({ connectionsCheckingInterval: 20 }, fromWsgi(mirror, { maxBodySize: 3, logger }));
    expect([server.requestTimeout, server.keepAliveTimeout]).toEqual([300_000, 5_000]);
    server.requestTimeout = 100;
    server.headersTimeout = 100; // Node takes the shorter of the two for the head
    const { port, url, close } = await listen(server);
    onTestFinished(close);
    expect((await fetch(url, { ...POST, body: "four" })).status).toBe(413);
    const socket = await rawConnection(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n1");
    const [answer] = await once(socket.setEncoding("latin1"), "data");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("static files by Express, and 404s by Python", async () => {
    workspace.write("legacy/static/a.css", "a {}");
    const { heard } = node([program("static.mjs", page.take("js", "express.static"))]);
    const url = await heard.url();
    const file = await fetch(`${url}/shop/static/a.css`);
    expect([file.headers.get("Cache-Control"), file.headers.has("ETag")]).toEqual(["public, max-age=3600", true]);
    expect(await (await fetch(`${url}/shop/static/none.css`)).text()).toBe("Python has no such page");
  });

  it("event streams: a comment shows that they are alive; a pause over streamTimeout ends another stream", async () => {
    const source = page.take("python", "queue.Empty");
    expect(source).toContain("timeout=15");
    const { directory } = project(source.replace("timeout=15", "timeout=0.05"));
    const stream = start("shop:app", { directory, streamTimeout: 1_000 });
    const app = express().use(compression(), fromWsgi(stream, { logger }));
    const got = await fetch(`${await serve(app)}/events`);
    expect(got.headers.get("X-Accel-Buffering")).toBe("no");
    const reader = (got.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe(": hello\n\n");
    expect((await reader.read()).value).toBe(": still here\n\n");
    await reader.cancel();
    const pausing = await fetch(`${await serve(fromWsgi(faults, { logger: new MemoryLogger() }))}/pause`);
    await expect(pausing.text()).rejects.toThrow();
  });

  it("a client that takes nothing", async () => {
    const endless: WsgiApp = function* (_environ: unknown, startResponse: Parameters<WsgiApp>[1]) {
      startResponse("200 OK", []);
      for (;;) yield Buffer.alloc(65_536);
    } as never;
    const own = new MemoryLogger();
    const { port, close } = await listen(fromWsgi(endless, { sendTimeout: 80, logger: own }));
    onTestFinished(close);
    const socket = await rawConnection(port, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    onTestFinished(() => void socket.destroy());
    messages.expect(await logged("sendTimeout", own));
  });

  it("what gunicorn does otherwise", async () => {
    workspace.write(
      "legacy/differs.py",
      `
import json, os, threading
def app(environ, start_response):
    start_response("200 OK", [("Date", "today")])
    main = threading.current_thread() is threading.main_thread()
    return [json.dumps([environ["wsgi.url_scheme"], main, "SECRET" in os.environ]).encode()]
`,
    );
    const child = spawn("gunicorn", ["--no-control-socket", "-b", "127.0.0.1:0", "differs:app"], {
      cwd: LEGACY,
      env: { ...workspace.env, SECRET: "x" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const gunicorn = (await new Heard(child).said(/http:\/\/127\.0\.0\.1:\d+/))[0];
    process.env.SECRET = "x";
    onTestFinished(() => void delete process.env.SECRET);
    const ours = await serve(
      express()
        .set("env", "test")
        .use(fromWsgi(start("differs:app"), { logger })) as never,
    );
    const date = async (url: string): Promise<string | null> => (await fetch(url)).headers.get("date");
    expect([await date(gunicorn), await date(ours)]).toEqual([expect.stringMatching(/GMT$/), "today"]);
    const see = async (url: string): Promise<unknown> => (await fetch(url, { headers: FORWARDED })).json();
    expect(await see(gunicorn)).toEqual(["https", true, true]);
    expect(await see(ours)).toEqual(["http", false, false]);
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("431 from Node, and its limit", async () => {
    const headers = { Cookie: "x".repeat(17_000) };
    const [, code = ""] = /`(createServer\(\{ maxHeaderSize.*?\))`/.exec(page.text) ?? [];
    const large = new Function("createServer", "app", `return ${code}`)(createServer, fromWsgi(mirror));
    const { url, close } = await listen(large);
    onTestFinished(close);
    const [small, raised] = await Promise.all(
      [serve(fromWsgi(mirror)), url].map(async (one) => fetch(await one, { headers })),
    );
    expect([small?.status, raised?.status]).toEqual([431, 200]);
  });
});

describe("processes", () => {
  const LINES: readonly string[] = rowsOf("| the line says | reason | what to do |").flatMap(([line]) => spans(line));

  /** What the table says of the line in the log with this text. */
  async function expectLine(own: MemoryLogger, text: string, row: string): Promise<void> {
    expect(LINES).toContain(row);
    expect((await own.said(text)).replace(/(code|served) \d+/, "$1 N")).toContain(` ${row}`);
  }

  it("are replaced for the reasons of the table", async () => {
    const own = new MemoryLogger();
    const [plain, counted] = [{}, { maxRequests: 3 }].map((more) => start("faults:app", { logger: own, ...more }));
    await Promise.all([plain?.ready(), counted?.ready()]);
    const [url, other] = await Promise.all(
      [plain, counted].map((app) => serve(fromWsgi(app as PythonApp, { logger }))),
    );
    const replaced = (restarts: number): Promise<void> =>
      expect
        .poll(() => plain?.stats().processes[0], { interval: 10, timeout: 10_000 })
        .toMatchObject({ restarts, state: "ready" });
    for (let i = 0; i < 3; i += 1) await (await fetch(other as string)).text();
    await expectLine(own, "3 requests", "has served N requests and is replaced");
    process.kill(plain?.stats().processes[0]?.pid as number, "SIGTERM");
    await expectLine(own, "by a signal", "was asked to end by a signal");
    await replaced(1);
    await fetch(`${url}/close`, POST);
    await expectLine(own, "connection to Node", "lost a connection to Node");
    await replaced(2);
    await fetch(`${url}/control`, POST);
    await expectLine(own, "control connection", "lost its control connection to Node");
    await replaced(3);
    await fetch(`${url}/exit`, POST);
    await expectLine(own, "code 3", "ended with code N");
    await replaced(4);
    await fetch(`${url}/kill`, POST);
    await expectLine(own, "SIGKILL", "ended by SIGKILL");
    await replaced(5);
    process.kill(plain?.stats().processes[0]?.pid as number, "SIGSEGV");
    await expectLine(own, "SIGSEGV", "ended by SIGSEGV");
    start("nowhere:app", { logger: own });
    await expectLine(own, "nowhere:app did not", "did not start");
    const { log } = await slow.timeouts;
    await expectLine(log, "4 of 4", "has 4 of 4 threads that do not end their request");
    expect(await slow.locked).toContain("does not react: a request blocks all its threads");
    expect(LINES).toContain("does not react: a request blocks all its threads");
    expect(LINES.filter((line) => line !== "SIGABRT")).toHaveLength(10);
  });

  it("keep a test running until they are closed", async () => {
    workspace.write("shop.test.mjs", page.take("js", "node:test"));
    const remote = 'import { fastcgiApp } from "wsgi-bridge/fastcgi"; fastcgiApp("127.0.0.1:9");';
    const open = `import { pythonApp } from "wsgi-bridge/python";
await pythonApp("shop:app", { directory: "legacy" }).ready();
console.log(process.getActiveResourcesInfo().join());`;
    const [test, script, held] = [
      node(["--test", "shop.test.mjs"]),
      node(["--input-type=module", "-e", remote]),
      node(["--input-type=module", "-e", open]),
    ];
    expect(await Promise.all([once(test, "exit"), once(script, "exit")])).toEqual([
      [0, null],
      [0, null],
    ]);
    await held.heard.said(/ProcessWrap/);
  });
});

describe("the end", () => {
  const DEVELOPMENT = page.take("js", "const production");
  const server = `${DEVELOPMENT.replace("closeOnSignal(server, shop);", "$& ").trimEnd()}
await shop.ready();
console.log("pids", shop.stats().processes.map(({ pid }) => pid).join(" "));
`;

  const isAlive = (pid: string): boolean => {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" });
    return /^[^Z\s]/.test(stdout); // a zombie is gone: nobody has buried it yet
  };

  it("signals, without closeOnSignal and with it", async () => {
    const cases: [signal: NodeJS.Signals, environment: string, end: unknown[]][] = [
      ["SIGINT", "development", [null, "SIGINT"]],
      ["SIGTERM", "development", [null, "SIGTERM"]],
      ["SIGINT", "production", [0, null]],
      ["SIGTERM", "production", [0, null]],
      ["SIGHUP", "production", [null, "SIGHUP"]],
      ["SIGUSR2", "production", [null, "SIGUSR2"]],
    ];
    const file = program("development.mjs", server);
    const outcomes = cases.map(async ([signal, environment]) => {
      const child = node([file], { NODE_ENV: environment });
      const [, pids = ""] = await child.heard.said(/^pids (.+)$/m);
      child.kill(signal);
      const end = await once(child, "exit");
      await expect.poll(() => pids.split(" ").filter(isAlive), { timeout: 5_000 }).toEqual([]);
      return end;
    });
    expect(await Promise.all(outcomes)).toEqual(cases.map(([, , end]) => end));
  });

  it("node --watch restarts at once in development, also with an open stream; in production it waits", async () => {
    const [runner, ...args] = page.take("sh", "--watch").trim().split(" ");
    expect([runner, args.at(-1)]).toEqual(["node", "server.mjs"]);
    const restart = async (environment: string, expected: RegExp): Promise<void> => {
      // A folder for each, so that the file that one watches is not touched for the other.
      const own = program(
        `${environment}/server.mjs`,
        server.replace('"shop:app"', '"faults:app"').replace("./legacy", "../legacy"),
      );
      const child = node(args, { NODE_ENV: environment }, environment);
      const url = await child.heard.url();
      const stream = await fetch(`${url}/stream`);
      stream.text().catch(() => undefined);
      const file = join(workspace.folder, own);
      const touching = setInterval(() => utimesSync(file, new Date(), new Date()), 300); // until it is watched
      onTestFinished(() => clearInterval(touching));
      await child.heard.said(/Restarting/);
      clearInterval(touching);
      await child.heard.said(expected);
    };
    expect(page.text).toContain("`Waiting for graceful termination...`");
    await Promise.all([
      restart("development", /Restarting[\s\S]*^port \d+$/m),
      restart("production", /Waiting for graceful termination\.\.\./),
    ]);
  });
});

describe("changes and logs", () => {
  it("templates are read again with TEMPLATES_AUTO_RELOAD", async () => {
    const [, setting = ""] = /in Flask set `(.*?)`/.exec(page.text) ?? [];
    const source = (line: string): string => `from flask import Flask, render_template
app = Flask(__name__)
${line}
@app.get("/")
def index(): return render_template("a.html")
`;
    const outcome = async (line: string): Promise<string> => {
      const { directory } = project(source(line));
      const template = `case-${cases}/legacy/templates/a.html`;
      utimesSync(workspace.write(template, "old"), 1, 1);
      const url = await serve(fromWsgi(start("shop:app", { directory })));
      await (await fetch(url)).text();
      workspace.write(template, "new");
      return (await fetch(url)).text();
    };
    expect(await Promise.all([outcome(setting), outcome("")])).toEqual(["new", "old"]);
  });

  it("with two loggers nothing stays on the console", async () => {
    const { heard } = node([program("logs.mjs", page.take("js", "const logger"))]);
    await (await fetch(await heard.url())).text();
    await heard.said(/"message":"\[\d+\] written"/);
    await heard.said(/"message":"printed"/);
    const lines = heard.text
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("port "));
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(lines.map(() => ["level", "message"]));
  });

  it("levels: Python's default, and lines with and without a level", async () => {
    const rows = rowsOf("| symptom | reason | what to do |", "## Logs are").map((row) => spans(row.at(-1))[0] ?? "");
    const configured = rows.filter((code) => code.startsWith("logging.basicConfig"));
    const outcome = async (line: string): Promise<string[]> => {
      const lines: string[] = [];
      const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
      const { directory } = project(`
import logging, sys
${line}
logging.info("an info")
logging.warning("a warning")
print("\\x1b[31mred")
def app(environ, start_response): pass
`);
      const app = start("shop:app", {
        directory,
        logger: { info: say("info"), warn: say("warn"), error: say("error") },
      });
      await app.ready();
      await app.close(); // by then all was read
      return lines;
    };
    const bare = 'logging.basicConfig(level=logging.INFO, format="%(message)s")';
    const [plain, asIs, named, unnamed] = await Promise.all(["", ...configured, bare].map(outcome));
    expect(plain?.join()).not.toContain("an info");
    for (const lines of [asIs, named]) {
      expect(lines).toContainEqual(expect.stringMatching(/^info INFO.*an info$/));
      expect(lines).toContainEqual(expect.stringMatching(/^warn WARNING.*a warning$/));
    }
    expect(unnamed).toContain("warn an info");
    expect(plain).toContain("info \\x1b[31mred");
  });
});

it("has no message that nobody produces", () => expect(messages.left).toEqual([]));
it("has no block that is not tested", () => expect(page.untested).toEqual([]));
