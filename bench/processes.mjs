/** The processes of the bench: started here and ended here, each by its own handle. Knows children; knows no row. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const STOP_MS = 8_000;
const LAST_LINES = 20;

/**
 * Every child that was started, in that order. A server ends when its stdin does, the load generator when its channel
 * does; both happen too when this process dies in any way, so nothing is left behind even then.
 */
export class Children {
  #children = new Set();
  #stopping = false;
  #end;
  #ended = new Promise((_, reject) => {
    this.#end = reject;
  });

  constructor() {
    this.#ended.catch(() => {}); // nobody may be waiting
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
   * Waits for something that the children are to do, for a time. Rejects too when one of them ends, or all are stopped.
   *
   * @template T @param {Promise<T>} promise @param {{ ms: number, late: string }} limit @returns {Promise<T>}
   */
  async wait(promise, { ms, late }) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(late)), ms);
    });
    try {
      return await Promise.race([promise, limit, this.#ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks some to end, the last first; kills those that do not. */
  async end(some) {
    for (const child of some.toReversed()) {
      this.#children.delete(child);
      await end(child);
    }
  }

  /** The same for all; no more can be started. */
  async stop() {
    this.#stopping = true;
    this.#end(new Error("stopped"));
    await this.end([...this.#children]);
  }

  #add(name, start) {
    if (this.#stopping) throw new Error("stopped");
    const child = start();
    this.#children.add(child);
    const said = lastWords(child.stderr);
    child.on("error", (error) => this.#end(new Error(`${name}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      if (this.#children.delete(child))
        this.#end(new Error(`${name} ended with ${signal ?? `exit code ${code}`}${said()}`));
    });
    return child;
  }
}

async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  if (child.connected) child.disconnect();
  child.stdin?.on("error", () => {}).end(); // it may have gone in this moment
  await exit;
  clearTimeout(timer);
}

/** What a process has written at last, if that was not shown as it came. @returns {() => string} */
function lastWords(stream) {
  const lines = [];
  if (stream) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
    });
  }
  return () => lines.map((line) => `\n    ${line}`).join("");
}
