/** Runs the demo as a process, as a user does. Knows how to start it and read its output; knows nothing of its pages. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childrenOf } from "./processes.ts";

const SERVER = fileURLToPath(new URL("../../examples/demo/server.mjs", import.meta.url));

export class DemoProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #events: EventEmitter = new EventEmitter();
  /** The lines of stdout and stderr. */
  readonly lines: string[] = [];

  constructor(port: number) {
    const env = { ...process.env, PORT: String(port) };
    this.#child = spawn(process.execPath, [SERVER], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#exited = once(this.#child, "close").then(() => this.#events.emit("end"));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#onLine(line));
    }
  }

  /** Resolves with the first line that matches, past or future; rejects if the process ends without it. */
  said(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = this.lines.find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      this.#events.on("line", look);
      this.#events.on("end", () => reject(new Error(`the demo never printed ${pattern}:\n${this.lines.join("\n")}`)));
      look();
    });
  }

  /** Resolves with the URL that the demo prints when it listens. */
  async url(): Promise<string> {
    return /http:\/\/[^/]+/.exec(await this.said(/The demo is at/))?.[0] ?? "";
  }

  /** Returns the pids of the processes that the demo started. */
  children(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves with the exit code when the process has exited and all its output is read. */
  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  #onLine(line: string): void {
    this.lines.push(line);
    this.#events.emit("line");
  }
}
