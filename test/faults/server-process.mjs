/** The driver's end of the server under test. Knows messages; the server is a script beside it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A server that says nothing for so long hangs. */
const ANSWER_MS = 60_000;
const EXIT_MS = 10_000;

export class ServerProcess {
  port = 0;
  #child;
  #asked = new Map();
  #number = 0;

  /** @param {object} options of the Python app, where the script is `server.mjs` */
  constructor(options, script = "server.mjs") {
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = fork(path, [JSON.stringify(options)], { execArgv: ["--expose-gc"] });
    this.#child.on("message", ({ number, answer, error }) => {
      const { resolve, reject } = this.#asked.get(number);
      this.#asked.delete(number);
      if (error === undefined) resolve(answer);
      else reject(new Error(error));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`the server ended with ${signal ?? code}`));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** @returns what the script says of where it listens */
  async listen() {
    const where = await this.ask("listen");
    this.port = where.port;
    return where;
  }

  /** @param {string} command one of the script's `COMMANDS` */
  ask(command) {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server does not answer "${command}"`)), ANSWER_MS);
      const settle = (how) => (value) => {
        clearTimeout(timer);
        how(value);
      };
      this.#asked.set(number, { resolve: settle(resolve), reject: settle(reject) });
      this.#child.send({ number, command });
    });
  }

  /** Asks it to close, and waits until it has ended by itself. @returns whether it has */
  async close() {
    const exit = once(this.#child, "exit");
    this.#child.send({ number: 0, command: "close" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), EXIT_MS);
    const [code] = await exit;
    clearTimeout(timer);
    return code === 0;
  }

  /** For the end of a run that failed. */
  kill() {
    this.#child.kill("SIGKILL"); // its Python processes end with it
  }
}

/** Resident memory of a process, in bytes. */
export function rss(pid) {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]) * 1024;
}
