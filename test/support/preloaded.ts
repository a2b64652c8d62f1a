/** Hosts test/apps/preloaded.py with `preload`, and looks at its processes. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { PythonAppOptions } from "../../src/python.ts";
import { type Hosted, hostPython } from "./python.ts";

/** What `/process` tells of the process that answers. */
export interface Told {
  readonly imported: number;
  readonly parent: number;
  readonly pid: number;
  readonly forks: readonly number[];
}

export interface Preloaded extends Hosted {
  tell(): Promise<Told>;
  /** The process ids that have imported the application. */
  imports(): number[];
  /** The ids of the processes that serve, as `stats()` has them. */
  pids(): number[];
}

export const textOf = (url: string, method = "GET"): Promise<string> =>
  fetch(url, { method }).then((res) => res.text());

export async function hostPreloaded(options: PythonAppOptions = {}): Promise<Preloaded> {
  const folder = mkdtempSync(join(tmpdir(), "preload-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "imports");
  const hosted = await hostPython("preloaded:app", { preload: true, env: { IMPORTS: file }, ...options });
  return {
    ...hosted,
    tell: () => textOf(`${hosted.url}/process`).then((text) => JSON.parse(text) as Told),
    imports: () => readFileSync(file, "utf8").trim().split("\n").map(Number),
    pids: () =>
      hosted.app
        .stats()
        .processes.filter(({ state }) => state === "ready")
        .map(({ pid }) => pid as number),
  };
}

/** Returns the sockets of a process, such as "socket:[1234]". */
export function socketsOf(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // closed in the meantime
    }
  });
  return links.filter((link) => link.startsWith("socket:"));
}
