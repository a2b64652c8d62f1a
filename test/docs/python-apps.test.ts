/** docs/python-apps.md: its programs are run, its tables are compared with the source, with gunicorn and with uWSGI. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import { createServer, maxHeaderSize } from "node:http";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { ensurePython } from "../../scripts/python-env.mjs";
import { INHERITED } from "../../src/python/environment.ts";
import { LIMITS } from "../../src/wsgi/vetting.ts";
import { hostPython, startPython } from "../support/python.ts";
import { Page, ROOT } from "./page.ts";
import { type Program, Workspace } from "./program.ts";

/** An app that says of its process what a test asks for; on the standard library alone, so that it starts fast. */
const PROBE = `import asyncio, json, os, signal, sqlite3, sys, threading, time

DATABASE = sqlite3.connect(":memory:")
asyncio.set_event_loop(asyncio.new_event_loop())


def tried(call):
    try:
        call()
        return "works"
    except Exception as error:
        return type(error).__name__


def thread():
    started = threading.Thread(target=int)
    started.start()
    return started.daemon


ANSWERS = {
    "/": lambda: "the shop",
    "/argv": lambda: sys.argv,
    "/environment": lambda: dict(os.environ),
    "/path": lambda: sys.path,
    "/prefix": lambda: sys.prefix,
    "/stdin": lambda: os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev,
    "/main": lambda: threading.current_thread() is threading.main_thread(),
    "/sqlite": lambda: tried(lambda: DATABASE.execute("SELECT 1")),
    "/signal": lambda: tried(lambda: signal.signal(signal.SIGUSR1, signal.SIG_DFL)),
    "/get_event_loop": lambda: tried(asyncio.get_event_loop),
    "/run": lambda: tried(lambda: asyncio.run(asyncio.sleep(0))),
    "/thread": thread,
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/until":
        print("waiting")
        while not os.path.exists(environ["QUERY_STRING"]):
            time.sleep(0.01)
    print("printed")
    if path == "/log":
        environ["wsgi.errors"].write("an error\\n")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(ANSWERS.get(path, os.getpid)()).encode()]


class site:
    app = app


def create_app():
    return app
`;

const page = new Page("docs/python-apps.md");
const workspace = new Workspace();
const legacy = (source: string): string => workspace.write("legacy/shop.py", source);

const textOf = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();
const jsonOf = async (url: string): Promise<unknown> => JSON.parse(await textOf(url));

/** Runs a program to its end. */
async function result(code: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const file = workspace.write("to-its-end.mjs", code);
  const child = spawn(process.execPath, [file], { cwd: workspace.folder, env: workspace.env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const [ended] = (await once(child, "close")) as [number | null];
  return { code: ended, stdout, stderr };
}

interface Heard {
  /** Where the program listens. */
  url(): Promise<string>;
  /** Resolves with the first line of stdout that fits, past or future; rejects if the program ends without it. */
  said(pattern: RegExp): Promise<string>;
}

/** `program.url()` takes the lines from everybody else. */
function hear({ process: { stdout } }: Program): Heard {
  let text = "";
  const looking = new Set<() => void>();
  stdout?.on("data", (piece) => {
    text += piece;
    for (const look of looking) look();
  });
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const line = text.split("\n").find((each) => pattern.test(each));
        if (line !== undefined) resolve(line);
      };
      looking.add(look);
      stdout?.on("end", () => reject(new Error(`the program never printed ${pattern}: ${text}`)));
      look();
    });
  return { said, url: async () => `http://127.0.0.1:${(await said(/^port \d+$/)).slice("port ".length)}` };
}

/** The cells of the tables whose first heading is `heading`. */
function tables(heading: string): string[][] {
  const found = page.text.matchAll(new RegExp(`^\\| ${heading} \\|.*\\n\\|[ |-]+\\n((?:\\|.*\\n)+)`, "gm"));
  const rows = [...found].flatMap(([, text = ""]) => text.trim().split("\n"));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

const OPTIONS = new Map(
  [...readFileSync(join(ROOT, "src/python/options.ts"), "utf8").matchAll(/@default (.*)\n {3}\*\/\n {2}(\w+)\?:/g)].map(
    ([, value = "", name = ""]) => [name, value],
  ),
);

const FROM_WSGI = readFileSync(join(ROOT, "src/from-wsgi/options.ts"), "utf8");

it("the first example: Flask in Express, ready before it listens, closed by SIGTERM", async () => {
  legacy(page.take("python", "url_for"));
  const program = workspace.run(page.take("js", "closeOnSignal(server, shop); // SIGTERM"));
  const url = await program.url();
  expect(await jsonOf(`${url}/health`)).toEqual({ ok: true });
  expect(await textOf(url)).toBe("The shop is at /");
  program.process.kill("SIGTERM");
  expect(await once(program.process, "exit")).toEqual([0, null]);
});

it("every target of the table names an app", async () => {
  const folder = join(workspace.folder, "targets");
  const files = {
    "shop.py": PROBE.replace("def app(", "def application(")
      .replace("    app = app", "    app = application")
      .replace("return app", "return application")
      .replace("def create_app(", "def create_app(*args, **options")
      .concat("\n\napp = application\n"),
    "site/app.wsgi": "from shop import application\n",
    "production.ini":
      "[app:main]\npaste.app_factory = configured:make\n[app:name]\npaste.app_factory = configured:make\n",
    "configured.py": "from shop import application\n\n\ndef make(defaults):\n    return application\n",
    "old/shop.py": PROBE,
    "project/__init__.py": "",
    "project/settings.py": 'SECRET_KEY = "x"\nROOT_URLCONF = "project.urls"\nALLOWED_HOSTS = ["*"]\n',
    "project/urls.py": "urlpatterns = []\n",
    "project/wsgi.py":
      'import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"\napplication = get_wsgi_application()\n',
  };
  for (const [path, text] of Object.entries(files)) workspace.write(`targets/${path}`, text);
  const targets = tables("target").flatMap(([cell = ""]) => codes(cell).map((code) => JSON.parse(code) as string));
  expect(targets).toHaveLength(12);
  for (const target of targets) {
    const app = startPython(target, { directory: folder, threads: 1 });
    await app.ready();
    await app.close();
  }
});

it("the option virtualenv", async () => {
  legacy(PROBE.replace("DATABASE =", "print(sys.prefix)\nDATABASE ="));
  const environment = join(workspace.folder, "legacy/python");
  execFileSync(ensurePython(), ["-m", "venv", "--without-pip", environment]);
  const { code, stdout } = await result(page.take("js", 'virtualenv: "python"'));
  expect(code).toBe(0);
  expect(new Set(stdout.trim().split("\n"))).toEqual(
    new Set([page.take("text", "1 process").trim(), page.take("text", "only the usual").trim(), environment]),
  );
});

it("env: what it names, beside the allow-list and after the folder of the app", async () => {
  legacy(PROBE);
  const url = await workspace.run(page.take("js", "PYTHONPATH")).url();
  const environment = await jsonOf(`${url}/environment`);
  expect(environment).toMatchObject({ DATABASE_URL: "sqlite:///shop.db" });
  expect(process.env).toHaveProperty("VITEST"); // which the program has, and Python has not
  expect(environment).not.toHaveProperty("VITEST");
  const folder = join(workspace.folder, "legacy");
  expect(((await jsonOf(`${url}/path`)) as string[]).slice(0, 3)).toEqual([folder, join(folder, "lib"), "/srv/common"]);
});

it("the allow-list is the one that the page has", async () => {
  legacy(PROBE);
  const [, sentence = ""] = /allow-list of Node's variables,([\s\S]*?)\.\s+Name everything/.exec(page.text) ?? [];
  const names = codes(sentence).map((name) => name.replace("LC_*", "LC_TIME").replace("PYTHON*", "PYTHONHASHSEED"));
  expect(codes(sentence)).toEqual(INHERITED);
  for (const name of names) if (name !== "PATH") vi.stubEnv(name, name === "PYTHONHASHSEED" ? "1" : "/tmp");
  vi.stubEnv("SHOP_SECRET", "1");
  try {
    const { url } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
    const { LC_CTYPE: _, ...environment } = (await jsonOf(`${url}/environment`)) as Record<string, string>; // Python's own
    const extra = Object.keys(environment).filter((name) => !names.includes(name));
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(names));
    expect(extra.filter((name) => !/^(LC_\w+|PYTHON\w+|__\w+)$/.test(name))).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});

it.each([
  [1, [true, "works", "works", "works", "works", false, true, ["shop:app"]]],
  [2, [false, "ProgrammingError", "ValueError", "RuntimeError", "works", true, true, ["shop:app"]]],
])("with threads: %i a request runs where the page says, without stdin", async (threads, expected) => {
  legacy(PROBE);
  const { url } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy"), threads });
  const paths = ["/main", "/sqlite", "/signal", "/get_event_loop", "/run", "/thread", "/stdin", "/argv"];
  const answers = [];
  for (const path of paths) answers.push(await jsonOf(url + path));
  expect(answers).toEqual(expected);
});

it("gevent: the clock ticks for many clients at once", async () => {
  const source = page.take("python", "monkey.patch_all()");
  expect(page.take("js", 'pythonApp("clock:app"')).toContain("threads: 1000");
  workspace.write("legacy/clock.py", source);
  const options = { python: ensureAppsPython(), threads: 100, gracefulTimeout: 0 };
  const { url } = await hostPython("clock:app", { directory: join(workspace.folder, "legacy"), ...options });
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const { signal } = controller;
  const clocks = Array.from({ length: 99 }, async () => {
    const reader = (await fetch(`${url}/clock`, { signal })).body?.getReader();
    return new TextDecoder().decode((await reader?.read())?.value);
  });
  for (const tick of await Promise.all(clocks)) expect(tick).toMatch(/^data: \d+\n\n$/);
});

it("the program for CI ends well with an app that loads, and with 1 and the traceback with one that does not", async () => {
  legacy(PROBE);
  const code = page.take("js", "processes: 1 });\nawait shop.ready();\nawait shop.close();");
  expect((await result(code)).code).toBe(0);
  legacy("import a_module_that_nobody_has\n");
  const failed = await result(code);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("ModuleNotFoundError: No module named 'a_module_that_nobody_has'");
});

it("SIGHUP reloads: the new code serves, and code that does not load is told", async () => {
  legacy(PROBE);
  const program = workspace.run(page.take("js", "SIGHUP").replace("console.error(", "console.log("));
  const { url, said } = hear(program);
  const shop = await url();
  expect(await jsonOf(shop)).toBe("the shop");
  legacy(PROBE.replace("the shop", "another shop"));
  program.process.kill("SIGHUP");
  await said(/^the new code serves$/);
  expect(await jsonOf(shop)).toBe("another shop");
  legacy("import a_module_that_nobody_has\n");
  program.process.kill("SIGHUP");
  await said(/^the old code goes on: the module "shop" cannot be imported/);
  expect(await jsonOf(shop)).toBe("another shop");
});

it("reload() follows a directory that is a symbolic link", async () => {
  const release = (name: string, source: string): void => {
    workspace.write(`releases/${name}/shop.py`, source);
    symlinkSync(name, join(workspace.folder, "releases/next"));
    renameSync(join(workspace.folder, "releases/next"), join(workspace.folder, "releases/current"));
  };
  release("1", PROBE);
  const { url, app } = await hostPython("shop:app", { directory: join(workspace.folder, "releases/current") });
  release("2", PROBE.replace("the shop", "the second"));
  await app.reload();
  expect(await jsonOf(url)).toBe("the second");
});

it("reload: true serves changed code", async () => {
  legacy(PROBE);
  const url = await workspace.run(page.take("js", "reload: process.env.NODE_ENV")).url();
  expect(await jsonOf(url)).toBe("the shop");
  const answer = async (): Promise<unknown> => {
    legacy(PROBE.replace("the shop", "a changed shop")); // again, should the watch have begun late
    return await jsonOf(url);
  };
  await expect.poll(answer, { interval: 1000, timeout: 15_000 }).toBe("a changed shop");
});

it("slow routes have a process of their own", async () => {
  legacy(PROBE);
  const url = await workspace.run(page.take("js", "reports")).url();
  const many = (path: string) => Promise.all(Array.from({ length: 8 }, () => jsonOf(url + path)));
  const [slow, fast] = await Promise.all([many("/reports/1"), many("/pid")]);
  expect(new Set(slow).size).toBe(1);
  expect(fast).not.toContain(slow[0]);
});

it("preload: the processes come from one import, and each has its own connection", async () => {
  const source = page.take("python", "register_at_fork").replace('"shop.db"', '":memory:"');
  legacy(
    `${source}\nimported = os.getpid()\n@app.get("/imported")\ndef where():\n    return [imported, os.getppid()]\n`,
  );
  const url = await workspace.run(page.take("js", "preload: true")).url();
  expect(await jsonOf(url)).toEqual({ tea: 3, changes: 0 });
  const [imported, parent] = (await jsonOf(`${url}/imported`)) as number[];
  expect(parent).toBe(imported);
});

it("a process that gets a SIGTERM finishes its request and is replaced at once", async () => {
  legacy(PROBE);
  const { url, app, logger } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
  const gate = join(workspace.folder, "gate");
  const running = fetch(`${url}/until?${gate}`);
  await logger.said("waiting");
  const [before] = app.stats().processes;
  process.kill(before?.pid as number, "SIGTERM");
  await logger.said("was asked to end by a signal");
  expect(await jsonOf(`${url}/pid`)).not.toBe(before?.pid); // while the other still runs
  expect(app.stats().processes[0]).toMatchObject({ inFlight: 1 });
  workspace.write("gate", "");
  expect(await (await running).json()).toBe(before?.pid);
});

it("the states are those of the source", () => {
  const [, states = ""] = /state: (.*);/.exec(readFileSync(join(ROOT, "src/python/stats.ts"), "utf8")) ?? [];
  const named = tables("state in `stats\\(\\)`").map(([state = ""]) => codes(state)[0]);
  expect(named).toEqual([...states.matchAll(/"(\w+)"/g)].map(([, state]) => state));
});

it("the limits of time have the defaults that the page says", () => {
  const rows = tables("what").filter((row) => row.length === 4);
  expect(rows).toHaveLength(7);
  const node = createServer() as unknown as Record<string, number>;
  const milliseconds = (name: string): number => {
    if (name.startsWith("server.")) return node[name.slice("server.".length)] as number;
    if (name === "sendTimeout") return Number(/@default (\d+)\n {3}\*\/\n {2}sendTimeout/.exec(FROM_WSGI)?.[1]);
    return Number(OPTIONS.get(name));
  };
  for (const [, limit = "", fallback] of rows) {
    const named = codes(limit).filter((code) => code !== "fromWsgi");
    expect(named.map((name) => `${milliseconds(name) / 1000} s`).join(", ")).toBe(fallback);
  }
});

it("sizes in the text are the defaults", () => {
  const said = [...page.text.matchAll(/`(\w+)`\s\((\d+) (MiB|GiB)/g)].map(([, name = "", count, unit]) => [
    name,
    String(Number(count) * (unit === "MiB" ? 1024 ** 2 : 1024 ** 3)),
  ]);
  const names = ["spoolThreshold", "spoolMemory", "responseMemory", "responseSpool"];
  const maxBodySize = /@default (\d+)\n {3}\*\/\n {2}maxBodySize/.exec(FROM_WSGI)?.[1];
  expect(new Map(said as [string, string][])).toEqual(
    new Map([...names.map((name) => [name, OPTIONS.get(name)] as const), ["fromWsgi", maxBodySize] as const]),
  );
  expect(page.text).toContain("may be 256 at most");
  const rejects = (option: string, most: number): void =>
    expect(() => startPython("shop:app", { [option]: most + 1 })).toThrow(
      `${option} must be a whole number from 1 to ${most}`,
    );
  rejects("processes", 256);
  rejects("threads", 10_000);
});

it("the event stream ends when its client leaves", async () => {
  const stream = page.take("python", "client_disconnected").replace("time.sleep(15)", "time.sleep(0.01)");
  // One block only: the next one would end the stream as well.
  legacy(stream.replace(/yield (b".*")/, 'environ["told"] = environ.get("told") or not (yield $1)'));
  const { url, logger } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
  const leaving = new AbortController();
  const reader = (await fetch(url, { signal: leaving.signal })).body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? "").toString()).toMatch(/^: still here\n\n/);
  expect(logger.lines).not.toContain("stream ended");
  leaving.abort();
  await logger.said("stream ended");
});

it("a logger of one's own has what the processes print and what a request logs, with its id", async () => {
  legacy(PROBE);
  const { url, said } = hear(workspace.run(page.take("js", "const logger")));
  await textOf(`${await url()}/log`);
  expect(JSON.parse(await said(/"printed"/))).toEqual({ level: "info", message: "printed" });
  expect(JSON.parse(await said(/an error/))).toEqual({
    level: "error",
    message: expect.stringMatching(/^\[\d+\] an error$/),
  });
});

it('logging: "structured" gives the logger the fields of each record', async () => {
  legacy(`import logging
def app(environ, start_response):
    try:
        raise LookupError("of the shop")
    except LookupError:
        logging.getLogger("shop.stock").error("not found", exc_info=True, stack_info=True, extra={"item": 3})
    start_response("200 OK", [])
    return [b""]
`);
  const { url, said } = hear(workspace.run(page.take("js", 'logging: "structured"')));
  await textOf(await url(), { headers: { "x-request-id": "abc-1" } });
  const record = JSON.parse(await said(/not found/)) as Record<string, unknown>;
  expect(record).toMatchObject({
    level: "error",
    message: "not found",
    logger: "shop.stock",
    levelname: "ERROR",
    created: expect.any(Number),
    processId: expect.any(Number),
    requestId: "abc-1",
    err: { name: "LookupError", message: "of the shop", stack: expect.stringMatching(/^Traceback/) },
    stackInfo: expect.stringMatching(/^Stack/),
    extra: { item: 3 },
  });
  const fields = tables("field of a record").map(([field = ""]) => codes(field)[0]);
  expect(Object.keys(record).sort()).toEqual(["level", "message", ...fields].sort());
});

it("the filter gives each line of Python's logging the request's id; Flask's own logger has it without", async () => {
  legacy(
    page
      .take("python", "RequestId")
      .replace(
        '"looking")',
        '"looking")\n    app.logger.handlers.clear()\n    app.logger.propagate = False\n    from flask.logging import default_handler\n    app.logger.addHandler(default_handler)\n    app.logger.warning("by Flask")',
      ),
  );
  const { url, logger } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
  expect(await textOf(url, { headers: { "x-request-id": "abc-1" } })).toBe("ok");
  expect(await logger.said("looking")).toBe("[abc-1] INFO shop.stock: looking");
  expect(await logger.said("by Flask")).toMatch(/^\[abc-1\] .*by Flask$/);
});

it("stats() as a route", async () => {
  legacy(PROBE);
  const url = await workspace.run(page.take("js", "/status")).url();
  expect(await jsonOf(url)).toBe("the shop");
  const answer = await fetch(`${url}/status`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ready: expect.any(Number), waiting: 0, p99: expect.any(Number) });
});

it("the table of stats() has its fields, and no other", async () => {
  const { app } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
  const fields = tables("field").flatMap(([cell = ""]) => codes(cell).map((name) => name.replace("processes[]", "")));
  const { processes, queue, latency } = app.stats();
  const own = Object.keys(processes[0] ?? {}).map((name) => `.${name}`);
  const found = [...own, ...Object.keys(queue).map((name) => `queue.${name}`), "latency"];
  expect(fields.toSorted()).toEqual(found.toSorted());
  expect(page.text).toContain(
    `\`waits\` and \`latency\` have ${Object.keys(latency)
      .map((name) => `\`${name}\``)
      .join(", ")
      .replace(/, (`\w+`)$/, " and $1")}`,
  );
});

it("channels: each request's end is told, and the table has all of them", async () => {
  legacy(PROBE);
  const { url, said } = hear(workspace.run(page.take("js", "subscribe(")));
  await textOf(`${await url()}/nowhere`);
  await said(/^\/nowhere in \d+: 200 OK after \d+\.\d ms$/);
  const source = readFileSync(join(ROOT, "src/python/telemetry.ts"), "utf8");
  const channels = tables("channel").map(([name = ""]) => codes(name)[0]);
  expect(channels).toEqual([...source.matchAll(/channel\("(.*)"\)/g)].map(([, name]) => name));
});

it("TypeScript: the types are exported", () => workspace.typeCheck(page.takeAll("ts")), 30_000);

it("responses that PEP 3333 forbids: the table, the log line, and strict: true", async () => {
  const rows = tables("`start_response` gets").map(([cell = "", says = ""]) => ({ head: codes(cell)[0] ?? "", says }));
  const APP = `from markupsafe import Markup

HEADS = [
${rows.map(({ head }) => `    lambda start_response: start_response(${head}),`).join("\n")}
]

def app(environ, start_response):
    HEADS[int(environ["PATH_INFO"][1:])](start_response)
    return []
`;
  legacy(APP);
  const strict = await workspace.run(page.take("js", "strict: true")).url();
  const { url } = await hostPython("shop:app", { directory: join(workspace.folder, "legacy") });
  for (const [i, { head, says }] of rows.entries()) {
    expect([head, (await fetch(`${strict}/${i}`)).status]).toEqual([head, 500]);
    const answer = await fetch(`${url}/${i}`);
    expect([head, answer.status]).toEqual([head, head.includes('"404", []') ? 404 : 200]);
    if (says.startsWith("the header")) {
      const [, name = "", value = ""] =
        /"([\w-]+)"[,:] (?:Markup\()?" ?(\w+)"/.exec(head.replace('"200 OK", ', "")) ?? [];
      expect([head, answer.headers.get(name)]).toEqual([head, value]);
    } else if (says.startsWith("no such header")) {
      expect(answer.headers.get("connection")).not.toBe("close");
    }
  }
  const told = await hostPython("shop:app", {
    directory: join(workspace.folder, "legacy"),
  });
  await fetch(`${told.url}/0`);
  const quote = page.take("text", "without a reason").replace(/\s+/g, " ").trim();
  expect(quote).toBe((await told.logger.said("logged once")).replace(/:\d+: /, ":7: ").replace("GET /0", "GET /old"));
});

const GUNICORN = page.take("sh", "gunicorn --workers");

it("gunicorn takes the command line of the page, and the program beside it serves the same app", async () => {
  legacy(PROBE);
  const environment = { ...workspace.env, PYTHONDONTWRITEBYTECODE: "1" };
  const checked = spawnSync("sh", ["-ec", GUNICORN.replace(/^gunicorn/, "python3 -m gunicorn --check-config")], {
    cwd: workspace.folder,
    env: environment,
    encoding: "utf8",
  });
  expect([checked.status, checked.stderr]).toEqual([0, ""]);
  const code = page.take("js", "processes: 3");
  for (const [, flag = "", value = ""] of GUNICORN.matchAll(/--([\w-]+) (\d+)(?= )/g)) {
    const [, , here = ""] = tables("gunicorn").find(([cell = ""]) => codes(cell).includes(`--${flag}`)) ?? [];
    const inSeconds = flag.endsWith("timeout");
    expect(code.replaceAll("_", "")).toContain(`${codes(here)[0]}: ${inSeconds ? Number(value) * 1000 : value},`);
  }
  const url = await workspace.run(code).url();
  expect(await jsonOf(`${url}/environment`)).toMatchObject({
    DATABASE_URL: "sqlite:///shop.db",
    VITEST: process.env.VITEST,
  });
});

/** The options of gunicorn that is installed, and their defaults as its help shows them. */
const gunicorn = (): { version: string; help: string; options: Set<string> } => {
  const run = (flag: string): string => execFileSync(ensurePython(), ["-m", "gunicorn", flag], { encoding: "utf8" });
  const help = run("--help");
  return { version: run("--version"), help, options: new Set(help.match(/(?<=[ ,])--[a-z][\w-]*/g)) };
};

it("the tables name every option of gunicorn 27, and no other; with its default where they say one", ({ skip }) => {
  const { version, help, options } = gunicorn();
  if (!version.includes("27.0")) skip(); // Python 3.8 and 3.9 have an older one
  expect(page.text).toContain("options of gunicorn 27.0 ");
  const rows = tables("gunicorn").filter((row) => row.length === 3);
  const named = rows.flatMap(([cell = ""]) => codes(cell).filter((code) => code.startsWith("--")));
  for (const name of ["--help", "--version", "--log-file", "--paster"]) options.delete(name); // the last two are aliases
  expect(named.toSorted()).toEqual([...options].toSorted());
  const fallbacks = rows.flatMap(([cell = ""]) => [...cell.matchAll(/`(--[\w-]+)` \((\d+)/g)]);
  expect(fallbacks).toHaveLength(8);
  for (const [, name = "", value] of fallbacks) {
    const [, explained = ""] = new RegExp(`^ +(?:-\\w \\w+, )?${name} [\\s\\S]*?\\[(.*?)\\]$`, "m").exec(help) ?? [];
    expect([name, explained]).toEqual([name, value]);
  }
});

const hasUwsgi = spawnSync("uwsgi", ["--version"]).status === 0;

it.runIf(hasUwsgi)("the tables name no option that uWSGI does not have", () => {
  const help = spawnSync("uwsgi", ["--plugins", "http,python3", "--help"], { encoding: "utf8" }).stdout;
  const named = tables("gunicorn").flatMap(([, cell = "", here]) => (here === undefined ? [] : codes(cell)));
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !new RegExp(`[ |]${name}[ |]`).test(help))).toEqual([]);
});

it("what the tables say of this package and of Node is there", () => {
  const here = tables("gunicorn").flatMap((row) => codes(row.at(-1) ?? ""));
  const words = here.filter((code) => /^[a-z]\w+$/.test(code));
  const others = [
    "environ",
    "gthread",
    "maxHeaderSize",
    "serveFastcgi",
    "fromWsgi",
    "pythonApp",
    "closeOnSignal",
    "atexit",
    "ps",
    "logger",
  ];
  expect(words.filter((word) => !OPTIONS.has(word) && !others.includes(word))).toEqual([]);
  const covered = new Set(here.flatMap((code) => code.match(/\w+/g) ?? []));
  const own = ["strict", "startTimeout", "queueTimeout", "queueLength", "responseMemory", "responseSpool"]; // gunicorn has nothing like them
  expect([...OPTIONS.keys()].filter((name) => !covered.has(name) && !own.includes(name))).toEqual([]);
  const server = createServer();
  expect([server.keepAliveTimeout, maxHeaderSize]).toEqual([5000, 16 * 1024]);
  expect([LIMITS.fields, LIMITS.value, LIMITS.head, LIMITS.target]).toEqual([256, 64 * 1024, 256 * 1024, 64 * 1024]);
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
