/** Starts and stops the child processes of the bench. Knows processes; knows nothing of rows. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const STOP_MS = 8_000;
const LAST_LINES = 20;

/**
 * All running children, in the order of their start. A server exits when its stdin ends, the load generator when its channel
 * closes. Both also happen when this process dies, so no child is ever left behind.
 */
export class Children {
  #children = new Set();
  #stopping = false;
  #fail;
  #failed = new Promise((_, reject) => {
    this.#fail = reject;
  });

  constructor() {
    this.#failed.catch(() => {}); // no caller may be waiting
  }

  /** @param {string} name for messages */
  spawn(name, [command, ...args], options) {
    return this.#add(name, () => spawn(command, args, options));
  }

  /** @param {string} name for messages */
  fork(name, script) {
    return this.#add(name, () => fork(script));
  }

  /**
   * Waits for something that the children do. Rejects at the timeout, when a child exits, and when all are stopped.
   *
   * @template T @param {Promise<T>} promise @param {{ ms: number, late: string }} limit @returns {Promise<T>}
   */
  async wait(promise, { ms, late }) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(late)), ms);
    });
    try {
      return await Promise.race([promise, limit, this.#failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops these children, the last one first. Kills those that do not exit in time. */
  async end(some) {
    for (const child of some.toReversed()) {
      this.#children.delete(child);
      await end(child);
    }
  }

  /** Stops all children. No more can be started. */
  async stop() {
    this.#stopping = true;
    this.#fail(new Error("stopped"));
    await this.end([...this.#children]);
  }

  #add(name, start) {
    if (this.#stopping) throw new Error("stopped");
    const child = start();
    this.#children.add(child);
    const lastOutput = lastLines(child.stderr);
    child.on("error", (error) => this.#fail(new Error(`${name}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      if (this.#children.delete(child))
        this.#fail(new Error(`${name} ended with ${signal ?? `exit code ${code}`}${lastOutput()}`));
    });
    return child;
  }
}

async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  if (child.connected) child.disconnect();
  child.stdin?.on("error", () => {}).end(); // the process may have just exited
  await exit;
  clearTimeout(timer);
}

/** Keeps the last lines of a stream that is not shown otherwise. @returns {() => string} */
function lastLines(stream) {
  const lines = [];
  if (stream) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
    });
  }
  return () => lines.map((line) => `\n    ${line}`).join("");
}
