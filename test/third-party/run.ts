/** Runs the programs that are the clients of the apps. Knows child processes; knows no program. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  /** What the program wrote to stdout and to stderr. */
  readonly output: string;
}

export interface RunOptions {
  /** The working directory and the home of the program. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Returns the path of a program of the Python environment, such as `hg`. */
export function appsProgram(name: string): string {
  return join(dirname(ensureAppsPython()), name);
}

/** Returns the path of an installed program, such as `chromium`. */
export function systemProgram(name: string): string {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name} is not installed. ${INSTALL}`);
  return found;
}

/** Runs a program without the settings and the proxies of the user. Kills it if the test ends first. */
export function run(command: string, args: readonly string[], { folder, env = {} }: RunOptions): Promise<Finished> {
  const inherited = { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: folder };
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own, so that its children can be killed with it
  });
  onTestFinished(() => {
    const runs = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (runs) process.kill(-(child.pid as number), "SIGKILL");
  });
  return new Promise((resolve, reject) => {
    let [stdout, output] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", (cause) => reject(new Error(`${command} cannot be run. ${INSTALL}`, { cause })));
    child.on("close", (code) => resolve({ code, stdout, output }));
  });
}

/** Runs a program that must succeed. @returns what it wrote to stdout */
export async function succeed(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { code, stdout, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}:\n${output}`);
  return stdout;
}

const INSTALL = "Run: scripts/install-apps.sh";
