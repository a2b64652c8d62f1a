/** The server under test, in a process of its own, steered by messages. Knows Express and the app; knows no client and no fault. */
import { channel } from "node:diagnostics_channel";
import { readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";
import { ensurePython } from "../../scripts/python-env.mjs";

const QUIET = { info() {}, warn() {}, error() {} };
/** Longer than any idle time of a client: the server is never the one that closes first. */
const KEEP_ALIVE_MS = 120_000;
/** A file that was unlinked and is open still: a spooled body. */
const SPOOLED = / \(deleted\)$/;

/** For each request's id the pids that it was given to, and how each process ended. */
const tries = {};
const exits = {};
channel("wsgi-bridge:request:start").subscribe(({ pid, environ }) => {
  const id = environ["wsgi_bridge.request_id"];
  tries[id] ??= [];
  tries[id].push(pid);
});
channel("wsgi-bridge:process:exit").subscribe(({ pid, how }) => {
  exits[pid] = how;
});

const { target = "app:app", fromWsgi: ofHost, ...options } = JSON.parse(process.argv[2]);
const python = pythonApp(target, {
  directory: fileURLToPath(new URL(".", import.meta.url)),
  python: ensurePython(),
  logger: QUIET,
  ...options,
});
const app = express();
app.use(fromWsgi(python, { logger: QUIET, ...ofHost }));
app.use((_error, _req, res, _next) => res.sendStatus(_error.status ?? 500)); // Express's own would print each stack
const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);

/** What the driver may ask for; each answer is sent back. */
const COMMANDS = {
  async listen() {
    await python.ready();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: server.address().port };
  },
  stats: () => python.stats(),
  reload: () => python.reload(),
  history: () => ({ tries, exits }),
  /** What is held, once nothing is under way. */
  async held() {
    while (!isQuiet(python.stats())) await sleep(20);
    await sleep(200); // exits are heard, sockets are closed
    for (let tries = 0; tries < 250 && openFiles().spools > 0; tries += 1) await sleep(20); // so are files, one after another
    globalThis.gc();
    await sleep(0);
    globalThis.gc();
    return { heap: process.memoryUsage().heapUsed, ...openFiles(), timers: timers() };
  },
  async close() {
    server.close();
    server.closeIdleConnections();
    await python.close();
    process.disconnect(); // nothing is left that keeps this process alive
  },
};

/** Nothing is under way, and every process that died is replaced, which may take as long as the back-off does. */
function isQuiet({ processes, queue }) {
  if (processes.length !== options.processes) return false;
  return queue.length === 0 && processes.every(({ state, inFlight }) => state === "ready" && inFlight === 0);
}

function openFiles() {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // the folder's own
    }
  });
  return { files: targets.length, spools: targets.filter((target) => SPOOLED.test(target)).length };
}

function timers() {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

process.on("message", async ({ number, command }) => {
  try {
    const answer = await COMMANDS[command]();
    if (process.connected) process.send({ number, answer });
  } catch (error) {
    process.send({ number, error: `${command}: ${error.message}` });
  }
});
// Without the driver there is nothing to do.
process.on("disconnect", () => python.close());
