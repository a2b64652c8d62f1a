/** Starts the server under test, a script beside this file, and sends it commands. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A server that does not answer within this time counts as hung. */
const ANSWER_MS = 60_000;
const EXIT_MS = 10_000;

export class ServerProcess {
  port = 0;
  #child;
  #pending = new Map();
  #number = 0;

  /** @param {object} options for `server.mjs`, the options of the Python app */
  constructor(options, script = "server.mjs") {
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = fork(path, [JSON.stringify(options)], { execArgv: ["--expose-gc"] });
    this.#child.on("message", ({ number, answer, error }) => {
      const { resolve, reject } = this.#pending.get(number);
      this.#pending.delete(number);
      if (error === undefined) resolve(answer);
      else reject(new Error(error));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the server ended with ${signal ?? code}`));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** @returns the addresses on which the script listens */
  async listen() {
    const addresses = await this.ask("listen");
    this.port = addresses.port;
    return addresses;
  }

  /** @param {string} command one of the `COMMANDS` of the script */
  ask(command) {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server does not answer "${command}"`)), ANSWER_MS);
      const settle = (callback) => (value) => {
        clearTimeout(timer);
        callback(value);
      };
      this.#pending.set(number, { resolve: settle(resolve), reject: settle(reject) });
      this.#child.send({ number, command });
    });
  }

  /** Closes the server and waits until it exits. @returns whether it exited by itself */
  async close() {
    const exit = once(this.#child, "exit");
    this.#child.send({ number: 0, command: "close" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), EXIT_MS);
    const [code] = await exit;
    clearTimeout(timer);
    return code === 0;
  }

  /** Kills the server after a failed run. */
  kill() {
    this.#child.kill("SIGKILL"); // its Python processes exit with it
  }
}

/** Returns the resident memory of a process in bytes. */
export function rss(pid) {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]) * 1024;
}
