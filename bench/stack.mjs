/** Starts the servers of a row. Knows how each kind is called and announces itself; knows nothing of load. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { askRightly } from "./client.mjs";
import { STACKS } from "./table/stacks.mjs";

export const START_MS = 20_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const APPS = here("apps");
const APP = "answers:app";

/**
 * The command of each kind of server; how it says once where it listens; and how often it prints the line `ready`, once
 * or for each process, before all of it is ready to work. Every one ends when its stdin does.
 */
const KINDS = {
  gunicorn: {
    command: ({ python, processes, threads }) => [
      python,
      ...["-m", "gunicorn", "--config", here("servers/gunicorn_conf.py"), "--chdir", APPS, "--bind", "127.0.0.1:0"],
      ...["--workers", String(processes), "--threads", String(threads), APP],
    ],
    listening: /^listening (\S+)$/,
    readyLines: ({ processes }) => processes,
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
    readyLines: () => 0, // it says the one line when all is ready
  },
  node: {
    command: ({ python, processes, threads, upstream }, { script }) => [
      process.execPath,
      here(`servers/${script}`),
      JSON.stringify({ app: APP, directory: APPS, python, processes, threads, upstream }),
    ],
    listening: /^listening (\S+)$/,
    readyLines: () => 1,
  },
};

/**
 * Starts a row's servers, and has its answer checked once all of them are ready.
 *
 * @param {import("./measures/index.mjs").Ordered} ordered
 * @param {{ children: import("./processes.mjs").Children }} host
 */
export async function checkedStack(ordered, { children }) {
  const stack = await startStack(ordered, children);
  await stack.ready;
  await askRightly(stack.url, ordered.row.group.exchange, START_MS);
  return { row: ordered.row, ...stack };
}

/**
 * @param {import("./measures/index.mjs").Ordered} ordered
 * @param {import("./processes.mjs").Children} children
 * @returns {Promise<{ url: string, pids: number[], ready: Promise<void>, stop: () => Promise<void> }>}
 *   when the last one listens; `ready` is when all the processes are
 */
export async function startStack({ row, ...settings }, children) {
  const started = [];
  const readies = [];
  let upstream;
  for (const server of STACKS[row.stack].servers) {
    const kind = KINDS[server.kind];
    const { GUNICORN_CMD_ARGS: _, ...env } = process.env; // it would change one side only
    const options = { stdio: ["pipe", "pipe", "inherit"], env: { ...env, NODE_ENV: "production" } };
    const child = children.spawn(
      `${row.name}: ${server.kind}`,
      kind.command({ ...settings, upstream }, server),
      options,
    );
    started.push(child);
    const { listening, ready } = announced(child, kind.listening, kind.readyLines(settings));
    const limit = { ms: START_MS, late: `${row.name} did not start in time` };
    readies.push(children.wait(ready, limit));
    upstream = await children.wait(listening, limit);
  }
  const ready = Promise.all(readies);
  ready.catch(() => {}); // the one who waits for it may have failed before
  return { url: upstream, pids: started.map(({ pid }) => pid), ready, stop: () => children.end(started) };
}

/** The URL of a server, and when it is ready: when all its lines have come. Whatever else it prints is shown. */
function announced(child, pattern, readyLines) {
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise((resolve) => {
    lines.on("line", (line) => {
      const url = pattern.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      else if (line !== "ready") console.error(line);
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
