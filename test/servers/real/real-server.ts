/** A real server as a child process, for one test. Knows how to start and to end it; knows no protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

export interface RealServer {
  readonly pid: number;
  /** What it said, line by line. */
  readonly lines: readonly string[];
  /** Ends it and its children at once; resolves when they are gone. */
  kill(): Promise<void>;
}

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  /** The line by which it says that it serves. */
  readonly ready: RegExp;
  /** The package that has it. */
  readonly install: string;
  /** This process's own if not given. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a server in the foreground; it is ended when the test is over. */
export async function startRealServer({ command, args, ready, install, cwd, env }: Start): Promise<RealServer> {
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, cwd, env });
  const closed = once(child, "close").catch(() => undefined); // one that cannot be started is told below
  const kill = async (): Promise<void> => {
    const runs = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (runs) process.kill(-(child.pid as number), "SIGKILL"); // its whole group
    await closed;
  };
  onTestFinished(() => kill()); // before it is waited for: it may never say that it serves
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.on("error", () => reject(new Error(`${command} cannot be run; install it: apt-get install ${install}`)));
    child.on("close", () => reject(new Error(`${command} ended before it served:\n${lines.join("\n")}`)));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (ready.test(line)) resolve();
      });
    }
  });
  return { pid: child.pid as number, lines, kill };
}

/** A folder of the test's own with these files; gone when the test is over. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
