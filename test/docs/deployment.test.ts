/**
 * The page on deployment. Its server runs here with each way of starting, stopping and reloading it. What no test can run (images,
 * clusters, other supervisors) is parsed, and everything it names is compared with the server, the source and the other files.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, watch } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { optionsTable } from "../../scripts/options-table.mjs";
import { INHERITED } from "../../src/python/environment.ts";
import { childrenOf } from "../support/processes.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

/** Tells what it was given. Waits in its import while there is a file `hold` in TMPDIR. */
const SHOP = `import json, os, pathlib, time

TMP = pathlib.Path(os.environ.get("TMPDIR", "/none"))
if (TMP / "hold").exists():
    (TMP / "held").touch()
    while (TMP / "hold").exists():
        time.sleep(0.01)
RELEASE = pathlib.Path.cwd().name


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/upload":
        return [str(sum(map(len, iter(lambda: environ["wsgi.input"].read(65536), b"")))).encode()]
    if environ["PATH_INFO"] == "/log":
        print("printed")
        environ["wsgi.errors"].write("reported\\n")
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    told.update(environ=dict(os.environ), multiprocess=environ["wsgi.multiprocess"], pid=os.getpid(), release=RELEASE)
    told["scheme"] = environ["wsgi.url_scheme"]
    return [json.dumps(told).encode()]
`;

interface Told {
  readonly [key: string]: unknown;
  readonly environ: Record<string, string>;
  readonly pid: number;
  readonly release: string;
}

const page = new Page("docs/deployment.md");
const workspace = new Workspace({ "legacy/shop.py": SHOP, "tmp/README": "" });
const TMP = join(workspace.folder, "tmp");
const source = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const example = (name: string): string => source(`examples/deployment/${name}`);
const NODE = process.execPath;

/** A program of the page, with all that it starts, until the test is over. */
class Running {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #news = new EventEmitter();
  readonly #ended: Promise<unknown>;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(command, args, {
      cwd: workspace.folder,
      detached: true, // a process group, so that nothing outlives a test that fails
      env: { ...workspace.env, TMPDIR: TMP, PORT: "0", PYTHONDONTWRITEBYTECODE: "1", SECRET: "of Node", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#ended = once(this.process, "close");
    onTestFinished(() => {
      try {
        process.kill(-(this.process.pid as number), "SIGKILL");
      } catch {
        // it has ended
      }
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
        this.#lines.push(line);
        this.#news.emit("news");
      });
    }
    this.process.on("close", () => this.#news.emit("news"));
  }

  /** What the expression finds in the n-th line that it matches. Rejects when the program ends without such a line. */
  async line(pattern: RegExp, n = 1): Promise<RegExpExecArray> {
    for (;;) {
      const match = this.#lines.map((line) => pattern.exec(line)).filter((found) => found !== null)[n - 1];
      if (match !== undefined) return match;
      const { exitCode, signalCode } = this.process;
      if (exitCode !== null || signalCode !== null) throw new Error(`no ${pattern} in:\n${this.#lines.join("\n")}`);
      await once(this.#news, "news");
    }
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${(await this.line(/^listening on port (\d+)$/))[1]}`;
  }

  /** Code and signal. */
  exit(): Promise<unknown> {
    return this.#ended;
  }
}

const serve = (env?: NodeJS.ProcessEnv): Running => new Running(NODE, ["server.mjs"], env);

/** On a connection of its own. */
function get(target: string | { socketPath: string }, headers: Record<string, string> = {}): Promise<string> {
  const [url, options] = typeof target === "string" ? [target, {}] : ["http://localhost/", target];
  return new Promise((resolve, reject) => {
    request(url, { ...options, headers, agent: false }, async (res) => resolve((await res.toArray()).join("")))
      .on("error", reject)
      .end();
  });
}

const ask = async (...args: Parameters<typeof get>): Promise<Told> => JSON.parse(await get(...args)) as Told;
const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

/** Has every Python process that starts from now on wait in its import. */
function holdImports(): { held: () => boolean; release: () => void } {
  workspace.write("tmp/hold", "");
  const release = (): void => {
    for (const name of ["hold", "held"]) rmSync(join(TMP, name), { force: true });
  };
  onTestFinished(release);
  return { held: () => existsSync(join(TMP, "held")), release };
}

describe("the files", () => {
  it.each([
    ["js", "server.mjs"],
    ["js", "healthcheck.mjs"],
    ["js", "cluster.mjs"],
    ["js", "ecosystem.config.cjs"],
    ["dockerfile", "Dockerfile"],
    ["text", ".dockerignore"],
    ["text", "Procfile"],
    ["yaml", "kubernetes.yaml"],
    ["ini", "shop.service"],
    ["ini", "shop.socket"],
    ["nginx", "nginx.conf"],
  ])("the %s block that is %s is the one in examples/deployment", (language, name) => {
    workspace.write(name, page.take(language, example(name)));
  });

  it("none is missing on the page", () => {
    const names = readdirSync(join(ROOT, "examples/deployment"));
    expect(names.filter((name) => !page.text.includes(`\n${example(name)}\`\`\``))).toEqual([]);
  });
});

describe("the server", () => {
  it("has health, the environment that is named, proxies, spooled uploads; writes to TMPDIR alone; exit code 0", async () => {
    const before = readdirSync(workspace.folder, { recursive: true });
    const server = serve({ DATABASE_URL: "db", TRUST_PROXY: "loopback", WEB_CONCURRENCY: "1" });
    const url = await server.url();
    expect(await get(`${url}/livez`)).toBe("ok\n");
    expect(await ask(`${url}/readyz`)).toEqual({ ready: 1, waiting: 0 });
    const told = await ask(url, {
      "X-Forwarded-For": "1.1.1.1, 192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    });
    expect(told).toMatchObject({ REMOTE_ADDR: "192.0.2.7", scheme: "https", HTTP_HOST: "shop.example" });
    expect(told.environ).toMatchObject({ DATABASE_URL: "db", TMPDIR: TMP });
    expect(told.environ).not.toHaveProperty("SECRET");

    const watcher = watch(TMP);
    const made = once(watcher, "change");
    const body = new Uint8Array(2 * 1024 * 1024);
    expect(await (await fetch(`${url}/upload`, { method: "POST", body })).text()).toBe(String(body.length));
    if (process.platform === "linux") expect((await made)[1]).toMatch(/^wsgi-bridge-/);
    watcher.close();
    expect(readdirSync(workspace.folder, { recursive: true })).toEqual(before);
    server.process.kill("SIGTERM");
    expect(await server.exit()).toEqual([0, null]);
  });

  it("without Python: 503 on /readyz and failure of healthcheck.mjs, 200 on /livez; then it is ready again", async () => {
    const check = async (port: string): Promise<unknown> => {
      const child = spawn(NODE, ["healthcheck.mjs"], { cwd: workspace.folder, env: { PORT: port } });
      return (await once(child, "exit"))[0];
    };
    const server = serve({ WEB_CONCURRENCY: "1" });
    const url = await server.url();
    const { port } = new URL(url);
    const { pid } = await ask(url);
    expect(await check(port)).toBe(0);
    const { held, release } = holdImports();
    process.kill(pid, "SIGKILL");
    await expect.poll(held, { timeout: 10_000 }).toBe(true);
    expect([await statusOf(`${url}/readyz`), await statusOf(`${url}/livez`), await check(port)]).toEqual([503, 200, 1]);
    release();
    await expect.poll(() => statusOf(`${url}/readyz`), { timeout: 10_000 }).toBe(200);
    expect(await check("1")).toBe(1); // nobody listens there
  });

  it("an app that cannot be loaded: its traceback, exit code 1, and the port was never open", async () => {
    workspace.write("broken/json.py", "raise RuntimeError('cannot be loaded')");
    const server = serve({ PYTHONPATH: join(workspace.folder, "broken") });
    await server.line(/RuntimeError: cannot be loaded/);
    expect(await server.exit()).toEqual([1, null]);
    await expect(server.url()).rejects.toThrow("no /^listening");
  });

  it("a signal before the app is loaded: exit code 0", async () => {
    const { held } = holdImports();
    const server = serve();
    await expect.poll(held, { timeout: 10_000 }).toBe(true);
    server.process.kill("SIGTERM");
    expect(await server.exit()).toEqual([0, null]);
  });

  it("SIGHUP: the commands switch the link, new processes serve its release; one that is broken does not", async () => {
    const switching = page.take("sh", "mv -T");
    const folder = join(workspace.folder, "linked");
    const releases = [SHOP, SHOP, "raise RuntimeError('broken')"];
    for (const [i, text] of releases.entries()) workspace.write(`linked/releases/${i + 1}/shop.py`, text);
    workspace.write("linked/server.mjs", example("server.mjs"));
    symlinkSync("releases/1", join(folder, "legacy"));
    const server = new Running("/bin/sh", ["-c", `cd linked && exec "${NODE}" server.mjs`]);
    const url = await server.url();
    expect((await ask(url)).release).toBe("1");
    const shell = (commands: string): void => {
      const portable = process.platform === "linux" ? commands : commands.replace("mv -T", "mv -h");
      execFileSync("/bin/sh", ["-ec", portable], {
        cwd: folder,
        env: { ...process.env, PID: String(server.process.pid) },
      });
    };
    shell(switching);
    await server.line(/^new Python processes serve$/);
    expect((await ask(url)).release).toBe("2");
    shell(switching.replace("releases/2", "releases/3"));
    await server.line(/^the old Python processes serve on: .*cannot be imported/);
    expect((await ask(url)).release).toBe("2");
  });

  it("a socket that stays open across a restart: no connection is refused", async () => {
    // What systemd does with a socket unit: it opens the port once, and gives it to each process of the service.
    const systemd = new Running(
      "python3",
      [
        "-c",
        `import os, signal, socket, subprocess, sys
port = socket.create_server(("127.0.0.1", 0))
print("socket", port.getsockname()[1], flush=True)
os.dup2(port.fileno(), 3)
start = lambda: subprocess.Popen(sys.argv[1:], pass_fds=[3], env={**os.environ, "LISTEN_FDS": "1"})
def stop():
    node.send_signal(signal.SIGTERM)
    print("ended", node.wait(), flush=True)
node = start()
for line in sys.stdin:
    stop()
    node = start()
stop()`,
        NODE,
        "server.mjs",
      ],
      { WEB_CONCURRENCY: "1" },
    );
    const url = `http://127.0.0.1:${(await systemd.line(/^socket (\d+)$/))[1]}`;
    const { pid } = await ask(url); // before the server listens
    systemd.process.stdin?.write("restart\n");
    await systemd.line(/^ended 0$/);
    expect((await ask(url)).pid).not.toBe(pid); // again
    systemd.process.stdin?.end();
    await systemd.line(/^ended 0$/, 2);
  });

  it("cluster.mjs: Python for each Node process; replaced in turn, the port open all the time; exit code 0", async () => {
    const cluster = new Running(NODE, ["cluster.mjs"], { NODE_WORKERS: "2", WEB_CONCURRENCY: "1" });
    const url = await cluster.url();
    await cluster.line(/^listening/, 2);
    const workers = (): number[] => childrenOf(cluster.process.pid as number);
    const before = workers();
    expect(before.map((pid) => childrenOf(pid).length)).toEqual([1, 1]);
    let isReplaced = false;
    const replaced = cluster.line(/^every Node process is replaced$/).finally(() => {
      isReplaced = true;
    });
    replaced.catch(() => undefined); // told below
    cluster.process.kill("SIGHUP");
    const pids = new Set<number>();
    while (!isReplaced) {
      const told = await ask(url).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNRESET") throw error; // the page says so of a connection on which nothing has arrived yet
      });
      if (told === undefined) continue;
      pids.add(told.pid);
      expect(told.multiprocess).toBe(true);
    }
    await replaced;
    expect(pids.size).toBeGreaterThan(1);
    expect(workers().filter((pid) => before.includes(pid))).toEqual([]);

    process.kill(workers()[0] as number, "SIGKILL");
    await cluster.line(/^Node process \d+ ended: SIGKILL$/);
    await cluster.line(/^listening/, 5);
    expect(workers()).toHaveLength(2);
    cluster.process.kill("SIGTERM");
    expect(await cluster.exit()).toEqual([0, null]);
  });

  it("logs JSON lines of what Python prints and of what a request reports", async () => {
    const program = workspace.run(page.take("js", "JSON.stringify"));
    const url = await program.url();
    const told: { level: string; message: string }[] = [];
    const both = new Promise<void>((resolve) => {
      program.lines.on("line", (line) => {
        if (told.push(JSON.parse(line) as { level: string; message: string }) === 2) resolve();
      });
    });
    await get(`${url}/log`);
    await both;
    expect(told).toEqual(
      expect.arrayContaining([
        { time: expect.any(String), level: "info", message: "printed" },
        { time: expect.any(String), level: "error", message: expect.stringMatching(/^\[\d+\] reported$/) },
      ]),
    );
  });
});

const hasProgram = (name: string, ...args: string[]): boolean => spawnSync(name, args).error === undefined;

it.skipIf(!hasProgram("nginx", "-v"))("nginx: what a client says of itself does not reach the app", async () => {
  const server = serve({ TRUST_PROXY: "loopback", WEB_CONCURRENCY: "1" });
  const { host } = new URL(await server.url());
  const folder = mkdtempSync(join(tmpdir(), "nginx-")); // a socket's path must be short
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, "sock");
  const site = example("nginx.conf").replace("127.0.0.1:3000", host).replace("listen 80", `listen unix:${socketPath}`);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const conf = `daemon off; master_process off; pid ${folder}/pid; events {}\nhttp { access_log off; ${places.join(" ")}\n${site}}\n`;
  new Running("nginx", ["-e", "stderr", "-p", folder, "-c", workspace.write("all.conf", conf)]);
  await expect.poll(() => existsSync(join(folder, "pid")), { timeout: 10_000 }).toBe(true); // made when it listens
  const told = await ask(
    { socketPath },
    {
      Host: "shop.example",
      Forwarded: "for=203.0.113.9;host=evil.example",
      "X-Forwarded-For": "203.0.113.9",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Proto": "https",
    },
  );
  expect(told).toMatchObject({ HTTP_HOST: "shop.example", scheme: "http" });
  expect(told.HTTP_X_REQUEST_ID).toMatch(/^[0-9a-f]{32}$/);
  expect(told.REMOTE_ADDR).not.toBe("203.0.113.9");
  expect(told).not.toHaveProperty("HTTP_FORWARDED");
});

/** What `server.mjs` and Node read, and what reaches Python. */
const VARIABLES: readonly string[] = [
  ...[...example("server.mjs").matchAll(/const \{ ([^}]*) \} = process\.env/g)]
    .flatMap(([, names = ""]) => names.split(", "))
    .map((name) => name.split(" ")[0] as string),
  ...["NODE_ENV", "NODE_OPTIONS", "TMPDIR", "PYTHONDONTWRITEBYTECODE"],
];
const ROUTES: readonly string[] = [...example("server.mjs").matchAll(/app\.get\("([^"]+)"/g)].map(
  (match) => match[1] as string,
);

/** Where a constant is in the source. */
function constant(path: string, pattern: RegExp): number {
  const text = pattern.exec(source(path))?.[1];
  if (text === undefined) throw new Error(`${path} has no ${pattern}`);
  return Number(text.replaceAll("_", ""));
}

/** Milliseconds that a stop may take with the defaults. */
const STOP: number =
  constant("src/servers/close-on-signal.ts", /GRACE_MS = ([\d_]+)/) +
  constant("src/python/settings.ts", /options\.gracefulTimeout \?\? ([\d_]+)/) +
  constant("src/python/worker.ts", /EXIT_GRACE_MS = ([\d_]+)/) +
  constant("src/python/termination.ts", /SIGNAL_GRACE_MS = ([\d_]+)/);
const START: number = constant("src/python/settings.ts", /options\.startTimeout \?\? ([\d_]+)/);

it("times: a stop takes as long as the source says", () => {
  expect(STOP).toBe(27_000);
  expect(page.text).toContain("It takes at most 27 seconds");
  expect(START).toBe(60_000);
});

it("variables: the table is what server.mjs reads, with its defaults", () => {
  const rows = [...page.text.matchAll(/^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (.*?) \|/gm)];
  const table = Object.fromEntries(
    rows.flatMap(([, names = "", values = ""]) => {
      const all = values.split(", ");
      return names.split(", ").map((name, i) => [name.slice(1, -1), all[i]?.replaceAll("`", "")]);
    }),
  );
  const lists = [...example("server.mjs").matchAll(/const \{ ([^}]*) \} = process\.env/g)].map((match) => match[1]);
  const read = [...lists.join().matchAll(/([A-Z_]+)(?: = "([^"]*)")?/g)]
    .filter(([, name]) => name !== "LISTEN_FDS") // systemd sets it
    .map(([, name, value]) => [name, value ?? "unset"]);
  expect(table).toEqual({ ...Object.fromEntries(read), NODE_ENV: "unset" });
});

describe("the Dockerfile", () => {
  const lines = example("Dockerfile").replaceAll("\\\n", "").split("\n").filter(Boolean);
  const of = (name: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${name} `) ? line.slice(name.length + 1) : []));

  it("has known instructions, and stages that are made before they are used", () => {
    const known = ["FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"];
    expect(lines.filter((line) => !known.includes(line.split(" ")[0] as string))).toEqual([]);
    const stages: string[] = [];
    for (const line of lines) {
      const [, image = "", name] = /^FROM (\S+)(?: AS (\S+))?$/.exec(line) ?? [];
      if (line.startsWith("FROM")) expect(image.startsWith("node:") || stages.includes(image), line).toBe(true);
      if (name !== undefined) stages.push(name);
      const from = /^COPY --from=(\S+) \/srv\/shop\/(\S+) (\S+)$/.exec(line);
      if (line.includes("--from")) expect(stages, line).toContain(from?.[1]);
      if (from !== null) expect(from[2]).toBe(from[3]); // a virtual environment works at its own path only
    }
    expect(of("WORKDIR")).toEqual(["/srv/shop"]);
  });

  it("copies what the layout has, and runs what is there", () => {
    const layout = page.take("text", "shop/\n");
    const listed = [...layout.matchAll(/^ +(\S+?)\/?(?: |$)/gm)].map((match) => match[1]);
    const copied = of("COPY").flatMap((line) => (line.startsWith("--") ? [] : line.split(" ").slice(0, -1)));
    expect(copied).toEqual(["package.json", "package-lock.json", "legacy/requirements.txt", "."]);
    for (const path of copied.slice(0, -1)) expect(listed).toContain(path.split("/").at(-1));
    for (const command of [...of("CMD"), ...of("HEALTHCHECK").map((line) => line.split(" CMD ")[1] as string)]) {
      const [program, file] = JSON.parse(command) as string[];
      expect([program, existsSync(join(workspace.folder, file as string))]).toEqual(["node", true]);
    }
    expect(of("HEALTHCHECK")[0]).toMatch(/^(--(interval|timeout|start-period)=\d+s )+CMD \[/);
  });

  it("compiles the Python files without an error", () => {
    const [command] = of("RUN").filter((line) => line.includes("compileall"));
    const real = command?.replace("legacy/.venv/bin/python", "python3").replace("node_modules/wsgi-bridge", ROOT);
    workspace.write("legacy/.venv/lib/broken.py", "def");
    const env = { ...workspace.env, PYTHONPYCACHEPREFIX: join(workspace.folder, "pycache") };
    execFileSync("/bin/sh", ["-ec", real as string], { cwd: workspace.folder, env });
    const made = readdirSync(join(workspace.folder, "pycache"), { recursive: true }).map(String);
    for (const name of ["shop", "worker"])
      expect(made.filter((path) => path.includes(`${name}.cpython`))).toHaveLength(1);
    rmSync(join(workspace.folder, "legacy/.venv"), { recursive: true });
  });

  it("has a user that is no root, the server's port, and known variables", () => {
    expect(of("USER")).toEqual(["1000:1000"]);
    const env = Object.fromEntries((of("ENV")[0] ?? "").split(" ").map((pair) => pair.split("=")));
    expect(Object.keys(env).filter((name) => !VARIABLES.includes(name))).toEqual([]);
    expect(env).toMatchObject({ PORT: of("EXPOSE")[0], HOST: "0.0.0.0", NODE_ENV: "production", TMPDIR: "/tmp" });
  });

  it("docker run: flags that there are, for the image that is built, with the port and TMPDIR of the Dockerfile", () => {
    const commands = page.take("sh", "docker run").replaceAll("\\\n", "");
    const [build, run] = commands.split("\n").map((line) => line.split(/\s+/));
    expect(build).toEqual(["docker", "build", "--tag", "shop", "."]);
    expect(run?.at(-1)).toBe("shop");
    const at = (flag: string): string | undefined => run?.[run.indexOf(flag) + 1];
    expect([at("--publish"), at("--env"), at("--tmpfs")]).toEqual(["3000:3000", "DATABASE_URL", "/tmp:size=256m"]);
    expect(Number(at("--stop-timeout")) * 1000).toBeGreaterThan(STOP);
    if (!hasProgram("docker", "--version")) return;
    const help = execFileSync("docker", ["run", "--help"], { encoding: "utf8" });
    expect(run?.filter((word) => word.startsWith("--") && !help.includes(`${word} `))).toEqual([]);
  });
});

/** A unit's settings; a name that comes again has several values. */
function settingsOf(unit: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of unit.split("\n").filter((text) => text !== "" && !/^\[\w+\]$/.test(text))) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`no setting: ${line}`);
    settings.set(name, [...(settings.get(name) ?? []), value as string]);
  }
  return settings;
}

describe("systemd", () => {
  const unit = settingsOf(example("shop.service"));
  const one = (name: string): string | undefined => unit.get(name)?.[0];

  it("the service: its programs are there, its variables known, its times long enough", () => {
    for (const name of ["ExecStart", "ExecStartPost"]) {
      const [file] = /\w+\.mjs/.exec(one(name) ?? "") ?? [];
      expect(existsSync(join(workspace.folder, file ?? "none")), name).toBe(true);
    }
    const variables = (unit.get("Environment") ?? []).flatMap((line) =>
      line.split(" ").map((pair) => pair.split("=")[0]),
    );
    expect(variables.filter((name) => !VARIABLES.includes(name as string))).toEqual([]);
    expect(Number(one("TimeoutStopSec")) * 1000).toBeGreaterThan(STOP);
    expect(Number(one("TimeoutStartSec")) * 1000).toBeGreaterThan(START);
    expect(one("RestrictAddressFamilies")?.split(" ")).toContain("AF_UNIX");
    expect(one("SystemCallFilter")?.split(" ")).toContain("@pkey");
    expect([...unit.keys()]).not.toContain("MemoryDenyWriteExecute");
  });

  it("the table explains settings that the service has", () => {
    const explained = [...page.text.matchAll(/^\| `([A-Z]\w+)(?:=([^`]*))?` \|/gm)].filter(([, name = ""]) =>
      /[a-z]/.test(name),
    );
    expect(explained.length).toBeGreaterThan(8);
    for (const [, name = "", value] of explained) {
      expect(unit.has(name), name).toBe(true);
      if (value !== undefined) expect(one(name)).toBe(value);
    }
  });

  it("the socket is where the service listens without it", () => {
    const environment = (unit.get("Environment") ?? []).join(" ");
    const address = `${/HOST=(\S+)/.exec(environment)?.[1]}:${/PORT=(\S+)/.exec(environment)?.[1]}`;
    expect(settingsOf(example("shop.socket")).get("ListenStream")).toEqual([address]);
  });

  it("the commands name these units", () => {
    const commands = [page.take("sh", "daemon-reload"), page.take("sh", "shop.socket")].join("");
    const named = [...commands.matchAll(/systemctl [a-z ]*(?:--now )?(shop\S*)/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(4);
    for (const name of named) expect(["shop", "shop.socket"]).toContain(name);
    expect(commands).toContain(`useradd --system --shell /usr/sbin/nologin ${one("User")}\n`);
  });

  it.skipIf(!hasProgram("systemd-analyze", "--version"))("systemd-analyze knows every setting", () => {
    const verify = (text: string): string => {
      workspace.write("shop.socket", example("shop.socket"));
      const file = workspace.write("shop.service", text.replaceAll("/usr/bin/node", NODE));
      const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
      return stdout + stderr;
    };
    expect(verify(example("shop.service"))).toBe("");
    expect(verify(example("shop.service").replace("KillMode", "KillMod"))).toContain("KillMod");
  });
});

type Yaml = string | Yaml[] | { [key: string]: Yaml };

/** The YAML of the page: block mappings and lists by indentation, plain or quoted text, lists in brackets. Text stays text. */
function parseYaml(text: string): Yaml {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const indent = (): number => (lines[0] === undefined ? -1 : lines[0].search(/\S/));
  const scalar = (value: string): Yaml => {
    if (/^["[]/.test(value)) return JSON.parse(value) as Yaml;
    if (!/^[\w./:-]+$/.test(value) || value.endsWith(":")) throw new Error(`no plain text: ${value}`);
    return value;
  };
  const value = (at: number): Yaml => {
    if (indent() < at) throw new Error(`nothing is below the line before ${lines[0]}`);
    const depth = indent();
    if (/^ *- /.test(lines[0] ?? "")) {
      const list: Yaml[] = [];
      while (indent() === depth && /^ *- /.test(lines[0] ?? "")) {
        lines[0] = (lines[0] as string).replace("- ", "  ");
        list.push(value(depth + 2));
      }
      return list;
    }
    const map: { [key: string]: Yaml } = {};
    while (indent() === depth) {
      const line = (lines.shift() as string).trim();
      const [, key, rest] = /^([\w./-]+):(?: (.+))?$/.exec(line) ?? [];
      if (key === undefined || key in map) throw new Error(`no key, or one that came before: ${line}`);
      map[key] = rest === undefined ? value(depth + 1) : scalar(rest);
    }
    return map;
  };
  const parsed = value(0);
  if (lines.length > 0) throw new Error(`not in its place: ${lines[0]}`);
  return parsed;
}

/** What is at a path such as "spec.containers.0.name". */
function at(tree: Yaml, path: string): Yaml {
  const found = path
    .split(".")
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], tree);
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found as Yaml;
}

describe("Kubernetes", () => {
  const [deployment, service] = example("kubernetes.yaml").split("---\n").map(parseYaml) as [Yaml, Yaml];
  const pod = at(deployment, "spec.template.spec");
  const container = at(pod, "containers.0");

  it("the parser refuses what it does not know", () => {
    expect(parseYaml('a:\n  - b: c\n    d: ["e"]\n  - b: "1"\nf: g\n')).toEqual({
      a: [{ b: "c", d: ["e"] }, { b: "1" }],
      f: "g",
    });
    for (const text of ["a: {b: c}", "a:\nb: c", "a: b\n  c: d", "a: b\na: c", "a: *b", "- a\nb: c"]) {
      expect(() => parseYaml(text), text).toThrow();
    }
  });

  it("labels, ports and volumes fit together", () => {
    const labels = at(deployment, "spec.template.metadata.labels");
    expect([at(deployment, "spec.selector.matchLabels"), at(service, "spec.selector")]).toEqual([labels, labels]);
    expect(at(container, "ports.0")).toEqual({ name: at(service, "spec.ports.0.targetPort"), containerPort: "3000" });
    expect(at(container, "volumeMounts.0")).toEqual({ name: at(pod, "volumes.0.name"), mountPath: "/tmp" });
  });

  it("probes ask routes of the server, and allow the start; the end has time for preStop and a stop", () => {
    const probes = ["startupProbe", "readinessProbe", "livenessProbe"].map((name) => at(container, name));
    for (const probe of probes) {
      expect(ROUTES).toContain(at(probe, "httpGet.path"));
      expect(at(probe, "httpGet.port")).toBe(at(container, "ports.0.name"));
    }
    expect(
      Number(at(probes[0] as Yaml, "periodSeconds")) * Number(at(probes[0] as Yaml, "failureThreshold")) * 1000,
    ).toBe(90_000);
    const [sleep, seconds] = at(container, "lifecycle.preStop.exec.command") as string[];
    expect(sleep).toBe("sleep");
    expect(Number(at(pod, "terminationGracePeriodSeconds")) * 1000).toBeGreaterThan(Number(seconds) * 1000 + STOP);
  });

  it("is no root on a read-only file system; variables are known, and memory is that of the table's second row", () => {
    expect(at(pod, "securityContext")).toMatchObject({ runAsNonRoot: "true", runAsUser: "1000" });
    expect(at(container, "securityContext")).toMatchObject({
      readOnlyRootFilesystem: "true",
      allowPrivilegeEscalation: "false",
    });
    const env = Object.fromEntries(
      (at(container, "env") as { name: string; value: string }[]).map(({ name, value }) => [name, value]),
    );
    expect(Object.keys(env).filter((name) => !VARIABLES.includes(name))).toEqual([]);
    const row = SIZES.find(({ memory }) => memory === 1024);
    expect(env).toMatchObject({
      WEB_CONCURRENCY: String(row?.processes),
      NODE_OPTIONS: `--max-old-space-size=${row?.heap}`,
    });
    expect(at(container, "resources.limits.memory")).toBe("1Gi");
    expect(at(pod, "volumes.0.emptyDir")).toEqual({ medium: "Memory", sizeLimit: `${row?.tmpfs}Mi` });
  });
});

it("PM2: the script is there, the variables are known, the times long enough", () => {
  const { apps } = createRequire(import.meta.url)(join(ROOT, "examples/deployment/ecosystem.config.cjs")) as {
    apps: { script: string; kill_timeout: number; listen_timeout: number; env: Record<string, string> }[];
  };
  const [app] = apps;
  expect(Object.keys(app ?? {}).toSorted()).toEqual(
    ["name", "script", "cwd", "exec_mode", "instances", "kill_timeout", "listen_timeout", "env"].toSorted(), // PM2's schema has these
  );
  expect(existsSync(join(workspace.folder, app?.script ?? "none"))).toBe(true);
  expect(app?.kill_timeout).toBeGreaterThan(STOP);
  expect(app?.listen_timeout).toBeGreaterThanOrEqual(START);
  expect(Object.keys(app?.env ?? {}).filter((name) => !VARIABLES.includes(name))).toEqual([]);
  expect(
    page.take("sh", "pm2 ").match(/^pm2 (start ecosystem\.config\.cjs|sendSignal SIGHUP shop|stop shop)/gm),
  ).toHaveLength(3);
});

it("the Procfile's command serves, for others than this machine", async () => {
  const [, command] = /^web: (.*)\n$/.exec(example("Procfile")) ?? [];
  const platform = new Running("/bin/sh", ["-c", (command ?? "").replace("node", `"${NODE}"`)], {
    WEB_CONCURRENCY: "1",
  });
  const told = await ask(await platform.url(), { "X-Forwarded-For": "203.0.113.9, 192.0.2.7" });
  expect(told.REMOTE_ADDR).toBe("192.0.2.7");
  platform.process.kill("SIGTERM");
  expect(await platform.exit()).toEqual([0, null]);
});

/** The examples of sizes, in MiB. */
const SIZES = [...page.text.matchAll(/^\| (\d+), (\d+) \|((?: \d+ \|){7})$/gm)].map(([, cores, memory, rest = ""]) => {
  const [processes, threads, heap, spool, tmpfs, sum, reloading] = rest.split("|").map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { cores: Number(cores), memory: Number(memory), processes, threads, heap, spool, tmpfs, sum, reloading };
});

it("sizes: the sums are those of the formula, and fit", () => {
  expect(SIZES).toHaveLength(4);
  const responses = constant("src/node/backlog.ts", /SUM = (\d+) \* 1024 \* KIB/);
  expect(page.text).toContain(`60 MiB + \`--max-old-space-size\` + \`spoolMemory\` + ${responses} MiB for responses`);
  for (const { cores, memory, processes, threads, heap, spool, tmpfs, sum, reloading } of SIZES) {
    expect([processes, threads]).toEqual([cores, 4]);
    expect(sum).toBe(60 + heap + spool + responses + processes * 100 + tmpfs);
    expect(reloading).toBe(sum + processes * 100);
    expect(sum).toBeLessThan(memory);
  }
});

it("defaults: what the page says of options is what they are", () => {
  const options = optionsTable(source("src/python/options.ts")) + optionsTable(source("src/from-wsgi/options.ts"));
  const defaults = new Map(
    [...options.matchAll(/^\| `(\w+)` \| `?([\w.]+)`? \|/gm)].map(([, name, value]) => [name, value]),
  );
  const MIB = 1024 ** 2;
  const said: Record<string, number> = {
    processes: 1,
    threads: 4,
    queueLength: 1024,
    queueTimeout: 30_000,
    requestTimeout: 60_000,
    gracefulTimeout: 10_000,
    spoolThreshold: MIB,
    spoolMemory: 64 * MIB,
    responseMemory: MIB,
    responseSpool: 1024 * MIB,
  };
  expect(Object.fromEntries(Object.keys(said).map((name) => [name, Number(defaults.get(name))]))).toEqual(said);
  for (const text of [
    "processes × threads | 1 × 4 = 4",
    "`queueLength`, for at most `queueTimeout` | 1024, 30 s",
    "`gracefulTimeout` of `pythonApp`, 10 s",
    "`spoolThreshold` (1 MiB)",
    "`spoolMemory` (64 MiB)",
    "`responseMemory` (1 MiB)",
    "`responseSpool`, 1 GiB",
    "`queueTimeout` (30 s)",
    "`requestTimeout` (60 s)",
  ]) {
    expect(page.text.replace(/\s+/g, " ")).toContain(text);
  }
});

it("the variables that Python inherits are those of the source", () => {
  const [, section = ""] = page.text.split("They inherit from Node's environment:");
  const table = [...(section.split("\n\n")[1] ?? "").matchAll(/`([\w*]+)`/g)].map((match) => match[1]);
  expect(table.toSorted()).toEqual(INHERITED.toSorted());
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
