/** The demo as a process, as its user has it. Knows how to start and to watch it; knows no page of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childrenOf } from "./processes.ts";

const SERVER = fileURLToPath(new URL("../../examples/demo/server.mjs", import.meta.url));

export class DemoProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #news: EventEmitter = new EventEmitter();
  /** Both streams, line by line. */
  readonly lines: string[] = [];

  constructor(port: number) {
    const env = { ...process.env, PORT: String(port) };
    this.#child = spawn(process.execPath, [SERVER], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#exited = once(this.#child, "close").then(() => this.#news.emit("end"));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#heard(line));
    }
  }

  /** Resolves with the first line that fits, past or future; rejects if the process ends without it. */
  said(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = this.lines.find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      this.#news.on("line", look);
      this.#news.on("end", () => reject(new Error(`it never said ${pattern}:\n${this.lines.join("\n")}`)));
      look();
    });
  }

  /** The address that it prints once it serves. */
  async url(): Promise<string> {
    return /http:\/\/[^/]+/.exec(await this.said(/The demo is at/))?.[0] ?? "";
  }

  /** The processes that it started. */
  children(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The exit code, when it has ended and all its output is read. */
  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  #heard(line: string): void {
    this.lines.push(line);
    this.#news.emit("line");
  }
}
