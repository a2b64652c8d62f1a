/** Runs the program `wsgi-bridge` as a process, as a user does. Knows how to start it and read its output; knows no apps. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { childrenOf } from "../support/processes.ts";

const ROOT: URL = new URL("../../", import.meta.url);
const PACKAGE = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
  readonly version: string;
  readonly bin: { readonly "wsgi-bridge": string };
};
export const VERSION: string = PACKAGE.version;
/** The file that npm runs. */
export const MAIN: string = fileURLToPath(new URL(PACKAGE.bin["wsgi-bridge"], ROOT));
/** The folder of the apps for these tests. */
export const APPS: string = fileURLToPath(new URL("apps", import.meta.url));

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

export class Program {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #events: EventEmitter = new EventEmitter();
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  /** Starts the program in its own process group, so that a test can send the signal of Ctrl-C to the group. */
  constructor(args: readonly string[], { env = {}, nodeOptions = [] }: Surroundings = {}) {
    this.#child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#closed = once(this.#child, "close").then(() => this.#events.emit("end"));
    this.#read(this.#child.stdout as NodeJS.ReadableStream, this.stdout);
    this.#read(this.#child.stderr as NodeJS.ReadableStream, this.stderr);
    onTestFinished(async () => {
      this.signal("SIGKILL");
      await this.#closed;
    });
  }

  /** Runs `serve`, by default on a free port, with the interpreter of the tests and one process of two threads. */
  static serve(target: string, args: readonly string[] = [], surroundings?: Surroundings): Program {
    const usual = [
      "--port",
      "0",
      "--directory",
      APPS,
      "--python",
      ensurePython(),
      "--processes",
      "1",
      "--threads",
      "2",
    ];
    return new Program(["serve", target, ...usual, ...args], surroundings);
  }

  /** Resolves with the first line of stdout or stderr that matches, past or future; rejects if the process ends without it. */
  said(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = [...this.stdout, ...this.stderr].find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      const ended = (): void => {
        look();
        reject(new Error(`the program never printed ${pattern}:\n${[...this.stdout, ...this.stderr].join("\n")}`));
      };
      this.#events.on("line", look);
      this.#closed.then(ended, ended);
      look();
    });
  }

  /** Resolves with the URL that the program prints when it listens. */
  async url(): Promise<string> {
    return /http:\/\/\S+/.exec(await this.said(/^Serving /))?.[0] ?? "";
  }

  /** Returns the pids of the Python processes that the program started. */
  children(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  /** Closes stdout, as when the program that reads it, such as `head`, has exited. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Signals the program and all its children at once, as a terminal does. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-(this.#child.pid as number), name);
  }

  /** Resolves with the exit code or the signal when the process has exited and all its output is read. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  #read(stream: NodeJS.ReadableStream, lines: string[]): void {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      this.#events.emit("line");
    });
  }
}
