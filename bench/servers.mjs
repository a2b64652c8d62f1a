/** Starts the servers of a row. Knows how each kind is called and announces itself; knows nothing of load. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const START_MS = 20_000;
const ANNOUNCEMENT = "listening ";
const APPS = fileURLToPath(new URL("apps", import.meta.url));
const GUNICORN_CONF = fileURLToPath(new URL("servers/gunicorn_conf.py", import.meta.url));

/** The command of each kind of server. Every one prints `listening URL` once, and ends when its stdin does. */
const COMMANDS = {
  gunicorn: ({ app }, { python, processes, threads }) => [
    python,
    ...["-m", "gunicorn", "--config", GUNICORN_CONF, "--chdir", APPS, "--bind", "127.0.0.1:0"],
    ...["--workers", String(processes), "--threads", String(threads), app],
  ],
  node: ({ app, script }, { python, processes, threads, upstream }) => [
    process.execPath,
    fileURLToPath(new URL(`servers/${script}`, import.meta.url)),
    JSON.stringify({ app, apps: APPS, python, processes, threads, upstream }),
  ],
};

/**
 * @param {import("./rows.mjs").Row} row
 * @param {{ python: string, processes: number, threads: number }} settings
 * @param {import("./processes.mjs").Children} children
 * @returns {Promise<{ row: import("./rows.mjs").Row, url: string, pids: number[] }>} where it answers, and its processes
 */
export async function startRow(row, settings, children) {
  const pids = [];
  let upstream;
  for (const server of row.servers) {
    const command = COMMANDS[server.kind](server, { ...settings, upstream });
    const { GUNICORN_CMD_ARGS: _, ...env } = process.env; // it would change one side only
    const options = { stdio: ["pipe", "pipe", "inherit"], env: { ...env, NODE_ENV: "production" } };
    const child = children.spawn(`${row.name}: ${server.kind}`, command, options);
    upstream = await children.wait(announced(child), { ms: START_MS, late: `${row.name} did not start in time` });
    pids.push(child.pid);
  }
  const url = new URL(row.exchange.path, upstream).href;
  await checkAnswer(row, url);
  return { row, url, pids };
}

/** The URL of a server that has started. Whatever else it prints is shown. */
function announced(child) {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith(ANNOUNCEMENT)) resolve(line.slice(ANNOUNCEMENT.length));
      else console.error(line);
    });
  });
}

/** A row that answers something else would be measured for doing something else. */
async function checkAnswer({ name, exchange }, url) {
  const { method, headers, body, expect } = exchange;
  const signal = AbortSignal.timeout(START_MS);
  const response = await fetch(url, { method, headers, body, signal });
  const text = await response.text();
  if (response.status === 200 && text === expect) return;
  throw new Error(`${name} answers ${response.status} ${JSON.stringify(text.slice(0, 200))}`);
}
