/** The program `wsgi-bridge` as a process, as its user has it. Knows how to start and to watch it; knows no app. */
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
/** What npm would run. */
export const MAIN: string = fileURLToPath(new URL(PACKAGE.bin["wsgi-bridge"], ROOT));
/** Where the apps of these tests are. */
export const APPS: string = fileURLToPath(new URL("apps", import.meta.url));

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

export class Program {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #news: EventEmitter = new EventEmitter();
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  /** In a process group of its own, so that a test can press Ctrl-C. */
  constructor(args: readonly string[], { env = {}, nodeOptions = [] }: Surroundings = {}) {
    this.#child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#closed = once(this.#child, "close").then(() => this.#news.emit("end"));
    this.#read(this.#child.stdout as NodeJS.ReadableStream, this.stdout);
    this.#read(this.#child.stderr as NodeJS.ReadableStream, this.stderr);
    onTestFinished(async () => {
      this.signal("SIGKILL");
      await this.#closed;
    });
  }

  /** `serve` on a free port, in the tests' interpreter, one process of two threads, unless told otherwise. */
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

  /** Resolves with the first line of either stream that fits, past or future; rejects if the process ends without it. */
  said(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = [...this.stdout, ...this.stderr].find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      const ended = (): void => {
        look();
        reject(new Error(`it never said ${pattern}:\n${[...this.stdout, ...this.stderr].join("\n")}`));
      };
      this.#news.on("line", look);
      this.#closed.then(ended, ended);
      look();
    });
  }

  /** The address that it prints once it serves. */
  async url(): Promise<string> {
    return /http:\/\/\S+/.exec(await this.said(/^Serving /))?.[0] ?? "";
  }

  /** The Python processes that it started. */
  children(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  /** As when the program that reads it, such as `head`, has ended. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** To it and to all its children at once, as a terminal does it. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-(this.#child.pid as number), name);
  }

  /** How it ended, when it has and all its output is read: an exit code, or the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  #read(stream: NodeJS.ReadableStream, lines: string[]): void {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      this.#news.emit("line");
    });
  }
}
