/** The server under test, controlled by messages. Knows Express and the app; knows nothing of clients and faults. */
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
/** Longer than the idle time of any client, so that the server never closes a connection first. */
const KEEP_ALIVE_MS = 120_000;
/** Matches an unlinked file that is still open: a spooled body. */
const SPOOLED = / \(deleted\)$/;

/** The pids that each request was assigned to, by request id, and how each process ended, by pid. */
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
app.use((_error, _req, res, _next) => res.sendStatus(_error.status ?? 500)); // Express's error handler would print each stack
const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);

/** The commands of the driver. Their results are sent back. */
const COMMANDS = {
  async listen() {
    await python.ready();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: server.address().port };
  },
  stats: () => python.stats(),
  reload: () => python.reload(),
  history: () => ({ tries, exits }),
  /** Returns the resources in use when no request is running. */
  async held() {
    while (!isQuiet(python.stats())) await sleep(20);
    await sleep(200); // for exits to be reported and sockets to close
    for (let waits = 0; waits < 250 && openFiles().spools > 0; waits += 1) await sleep(20); // for files to close
    globalThis.gc();
    await sleep(0);
    globalThis.gc();
    return { heap: process.memoryUsage().heapUsed, ...openFiles(), timers: timers() };
  },
  async close() {
    server.close();
    server.closeIdleConnections();
    await python.close();
    process.disconnect(); // the last thing that keeps this process alive
  },
};

/**
 * Whether no request is running, except in stuck threads, and every process that died is replaced, which may take as long as
 * the backoff.
 */
function isQuiet({ processes, queue }) {
  if (processes.length !== options.processes) return false;
  return queue.length === 0 && processes.every(({ state, inFlight, stuck }) => state === "ready" && inFlight === stuck);
}

function openFiles() {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // the descriptor of the listing itself
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
// Stops when the driver has exited.
process.on("disconnect", () => python.close());
