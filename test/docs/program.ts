/** Runs and type-checks code blocks as a user would: in a folder that has the package, express, koa and a Python app. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { afterAll, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { ROOT } from "./page.ts";

/** What `legacy/shop.py` is unless a page shows one of its own. */
const SHOP = `from flask import Flask, url_for

app = Flask(__name__)


@app.get("/")
def index():
    return "The shop is at " + url_for("index")
`;

export interface Program {
  readonly process: ChildProcess;
  /** What it prints to stdout. */
  readonly lines: Interface;
  /** Where it listens. Rejects when it ends without listening. */
  url(): Promise<string>;
}

export class Workspace {
  readonly folder: string;
  #programs = 0;

  /** A folder inside this package, so that `wsgi-bridge` means what was built here. Call it at the top of a test file. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.folder = mkdtempSync(join(ROOT, "test", ".docs-"));
    this.write("legacy/shop.py", SHOP);
    mkdirSync(join(this.folder, ".git")); // the root of the user's project; this package's own .venv is above it
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  write(path: string, text: string): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Runs a module until the test is over. `listen(3000)` becomes a port of the system's choice; `python3` has the frameworks. */
  run(code: string): Program {
    this.#programs += 1;
    const announce = 'listen(0, function () { console.log("port", this.address().port); })';
    const file = this.write(`program-${this.#programs}.mjs`, code.replace("listen(3000)", announce));
    return this.start(`exec ${process.execPath} ${file}`);
  }

  /** Runs a shell command in the folder until the test is over. Begin it with `exec`, so that it can be ended. */
  start(command: string): Program {
    const child = spawn("sh", ["-c", command], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout });
    return {
      process: child,
      lines,
      async url() {
        for await (const line of lines) if (line.startsWith("port ")) return `http://127.0.0.1:${line.slice(5)}`;
        throw new Error("the program ended without listening");
      },
    };
  }

  /** The environment in which `python3` is the interpreter with the frameworks. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${dirname(ensurePython())}${delimiter}${process.env.PATH}` };
  }

  /** Compiles TypeScript under strict settings against what was built. Throws with the compiler's output. */
  typeCheck(codes: readonly string[]): void {
    const files = codes.map((code, i) => this.write(`block-${i}.ts`, code));
    const options =
      "--noEmit --strict --ignoreConfig --module nodenext --target es2023 --types node --skipLibCheck".split(" ");
    try {
      execFileSync(join(ROOT, "node_modules/.bin/tsc"), [...options, ...files], {
        cwd: this.folder,
        encoding: "utf8",
        stdio: "pipe",
        timeout: 120_000,
      });
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout, { cause: error });
    }
  }
}
