/** Starts the servers of a row. Knows the command and the output of each kind of server; knows nothing of load. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { askAndCheck } from "./client.mjs";
import { STACKS } from "./table/stacks.mjs";

export const START_MS = 20_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const APPS = here("apps");
const APP = "answers:app";

/**
 * For each kind of server: the command, the line that it prints when it listens, and how many `ready` lines it prints, one
 * or one per process, until all processes are ready. Every server exits when its stdin ends. A `verbose` server prints much
 * more, all of it on stderr, which is shown only if it fails.
 */
const KINDS = {
  gunicorn: {
    command: ({ python, processes, threads }, { app = APP, preload = false }) => [
      python,
      ...[
        "-m",
        "gunicorn",
        ...(preload ? ["--preload"] : []),
        "--config",
        here("servers/gunicorn_conf.py"),
        "--chdir",
        APPS,
        "--bind",
        "127.0.0.1:0",
      ],
      ...["--workers", String(processes), "--threads", String(threads), app],
    ],
    listening: /^listening (\S+)$/,
    readyLines: ({ processes }) => processes,
  },
  uwsgi: {
    command: ({ python, processes, threads, unused }, { options }) => [
      // uWSGI would listen on a stdin that is a socket, so it gets stdin as descriptor 9.
      ...["sh", "-c", 'exec "$0" "$@" 9<&0 0</dev/null'],
      ...["uwsgi", "--plugin", "python3,http", ...options, unused, "--module", "uwsgi_server", "--need-app"],
      ...["--pythonpath", here("servers"), "--pythonpath", APPS, "--pythonpath", packagesOf(python)],
      ...["--master", "--processes", String(processes), "--threads", String(threads)],
      ...["--die-on-term", "--disable-logging", "--buffer-size", "65535"],
    ],
    listening: /^listening (\S+)$/,
    readyLines: ({ processes }) => processes,
    verbose: true,
  },
  waitress: {
    command: ({ python, processes, threads }) => [
      python,
      ...[here("servers/waitress_server.py"), APPS, APP, String(processes * threads)],
    ],
    listening: /^listening (\S+)$/,
    readyLines: () => 1,
  },
  cli: {
    command: ({ python, processes, threads }) => [
      process.execPath,
      ...["--import", here("servers/end-with-stdin.mjs"), here("../dist/cli/main.js"), "serve", APP, "--port", "0"],
      ...["--directory", APPS, "--python", python, "--processes", String(processes), "--threads", String(threads)],
    ],
    listening: /^Serving \S+ at (\S+) /,
    readyLines: () => 0, // it prints its line when all processes are ready
  },
  node: {
    command: ({ python, processes, threads, upstream }, { script, app = APP, preload = false }) => [
      process.execPath,
      here(`servers/${script}`),
      JSON.stringify({ app, directory: APPS, python, processes, threads, preload, upstream }),
    ],
    listening: /^listening (\S+)$/,
    readyLines: () => 1,
  },
};

/**
 * Starts the servers of a row and checks a response when all of them are ready.
 *
 * @param {import("./measures/index.mjs").Ordered} ordered
 * @param {{ children: import("./processes.mjs").Children }} host
 */
export async function checkedStack(ordered, { children }) {
  const stack = await startStack(ordered, children);
  await stack.ready;
  await askAndCheck(stack.url, ordered.row.group.exchange, START_MS);
  return { row: ordered.row, ...stack };
}

/**
 * @param {import("./measures/index.mjs").Ordered} ordered
 * @param {import("./processes.mjs").Children} children
 * @returns {Promise<{ url: string, pids: number[], ready: Promise<void>, stop: () => Promise<void> }>}
 *   resolves when the last server listens; `ready` resolves when all processes are ready
 */
export async function startStack({ row, ...ordered }, children) {
  const started = [];
  const readies = [];
  const unused = await unusedAddress();
  let upstream;
  for (const server of STACKS[row.stack].servers) {
    const kind = KINDS[server.kind];
    const settings = { ...ordered, processes: server.processes ?? ordered.processes };
    const { GUNICORN_CMD_ARGS: _, ...env } = process.env; // it would affect gunicorn only
    const options = {
      stdio: ["pipe", "pipe", kind.verbose ? "pipe" : "inherit"],
      env: { ...env, NODE_ENV: "production", PYTHONPATH: here("../python"), UPSTREAM: upstream ?? "" },
    };
    const child = children.spawn(
      `${row.name}: ${server.kind}`,
      kind.command({ ...settings, unused, upstream }, server),
      options,
    );
    started.push(child);
    const { listening, ready } = announced(child, kind, kind.readyLines(settings));
    const limit = { ms: START_MS, late: `${row.name} did not start in time` };
    const isReady = children.wait(ready, limit);
    isReady.catch(() => {}); // its caller may have failed before
    readies.push(isReady);
    upstream = await children.wait(listening, limit);
  }
  const ready = Promise.all(readies);
  ready.catch(() => {}); // its caller may have failed before
  return { url: upstream, pids: started.map(({ pid }) => pid), ready, stop: () => children.end(started) };
}

/** Finds a free address for a server that cannot report a port chosen by the operating system. */
async function unusedAddress() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address();
  server.close();
  return `${address}:${port}`;
}

/** Returns the folder in which the interpreter has Bottle, because uWSGI embeds its own interpreter. */
function packagesOf(python) {
  const program = "import bottle, os; print(os.path.dirname(bottle.__file__))";
  return execFileSync(python, ["-c", program], { encoding: "utf8" }).trim();
}

/** Reads the URL of a server and waits for its ready lines. Shows everything else that it prints on stdout. */
function announced(child, { listening: pattern, verbose }, readyLines) {
  const lines = createInterface({ input: verbose ? child.stderr : child.stdout });
  const listening = new Promise((resolve) => {
    lines.on("line", (line) => {
      const url = pattern.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      else if (line !== "ready" && !verbose) console.error(line);
    });
  });
  const allReady = new Promise((resolve) => {
    let missing = readyLines;
    lines.on("line", (line) => {
      if (line === "ready") missing -= 1;
      if (missing === 0) resolve();
    });
  });
  return { listening, ready: Promise.all([listening, allReady]) };
}
