/** Starts gunicorn with any arguments, folder and interpreter, and stops it when the test is over. Knows no app. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { isRecentGunicorn } from "./gunicorn.ts";

export interface GunicornOptions {
  readonly directory: string;
  readonly python?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A recent gunicorn would leave a socket file behind. */
const QUIET: readonly string[] = isRecentGunicorn() ? ["--no-control-socket"] : [];

/** Starts gunicorn on a port that the system chooses, and returns the port when it listens. */
export async function startGunicorn(args: readonly string[], options: GunicornOptions): Promise<number> {
  const { directory, python = ensurePython(), env = {} } = options;
  const child = spawn(python, ["-m", "gunicorn", "--bind", "127.0.0.1:0", ...QUIET, ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await closed;
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const port = /Listening at: http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      child.stderr.resume();
      return Number(port);
    }
  }
  throw new Error(`gunicorn has not started:\n${said.join("\n")}`);
}

/** Returns what an app answers to GET / under gunicorn. */
export async function gunicornBody(args: readonly string[], directory: string, python?: string): Promise<string> {
  const port = await startGunicorn(args, python === undefined ? { directory } : { directory, python });
  return (await fetch(`http://127.0.0.1:${port}/`)).text();
}
