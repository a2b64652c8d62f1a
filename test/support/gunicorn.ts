/** Starts a real gunicorn on a free port, to compare with. Knows its command line; knows no app. */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ensurePython } from "../../scripts/python-env.mjs";

export interface GunicornOptions {
  readonly directory: string;
  /** An interpreter that has gunicorn. */
  readonly python?: string | undefined;
  /** The whole environment. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Gunicorn {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Whether gunicorn is one that can be compared with. The older one of Python 3.8 and 3.9 sends what splits a response. */
export function isRecentGunicorn(): boolean {
  const version = execFileSync(ensurePython(), ["-m", "gunicorn", "--version"], { encoding: "utf8" });
  return Number(/version (\d+)/.exec(version)?.[1]) >= 27;
}

/** A recent gunicorn would leave a socket file behind. */
const QUIET: readonly string[] = isRecentGunicorn() ? ["--no-control-socket"] : [];

/** Starts gunicorn. Resolves when it listens. @param args such as `["--threads", "2", "shop:app"]` */
export function startGunicorn(args: readonly string[], options: GunicornOptions): Promise<Gunicorn> {
  const { directory, python = ensurePython(), env = process.env } = options;
  const child = spawn(python, ["-m", "gunicorn", "--bind", "127.0.0.1:0", ...QUIET, ...args], {
    cwd: directory,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill); // a test that times out does not close it
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => process.off("exit", kill));
  const close = (): Promise<void> => {
    child.kill("SIGTERM");
    return ended;
  };
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => reject(new Error(`gunicorn ended before it served:\n${lines.join("\n")}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      const [, url] = /Listening at: (http:\S+)/.exec(line) ?? [];
      if (url !== undefined) resolve({ url, port: Number(new URL(url).port), close });
    });
  });
}

/** Returns what an app answers to GET / under gunicorn. */
export async function gunicornBody(args: readonly string[], directory: string, python?: string): Promise<string> {
  const gunicorn = await startGunicorn(args, { directory, python });
  try {
    return await (await fetch(gunicorn.url)).text();
  } finally {
    await gunicorn.close();
  }
}
