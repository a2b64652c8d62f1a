/** Starts a real gunicorn on a free port, to compare with. Knows its command line; knows no app. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { ensurePython } from "../../scripts/python-env.mjs";
import { APPS } from "./python.ts";

export interface Gunicorn {
  readonly url: string;
  close(): Promise<void>;
}

/** Whether gunicorn is one that can be compared with. The older one of Python 3.8 and 3.9 sends what splits a response. */
export function isRecentGunicorn(): boolean {
  const version = execFileSync(ensurePython(), ["-m", "gunicorn", "--version"], { encoding: "utf8" });
  return Number(/version (\d+)/.exec(version)?.[1]) >= 27;
}

/** Serves an app of `test/apps` with one process. @param worker the class of its worker, such as "sync" */
export async function startGunicorn(target: string, worker: string): Promise<Gunicorn> {
  const command = join(dirname(ensurePython()), "gunicorn");
  const child = spawn(command, ["--chdir", APPS, "-b", "127.0.0.1:0", "-k", worker, "--threads", "2", target], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = once(child, "close");
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
    closed.then(() => reject(new Error(`gunicorn ended before it served:\n${lines.join("\n")}`)), reject);
  });
  return {
    url,
    close: async () => {
      child.kill("SIGTERM");
      await closed;
    },
  };
}
