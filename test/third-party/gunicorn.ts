/** Starts gunicorn, the server with which the hosted apps are compared. Knows the command line of gunicorn; knows no app. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { APPS, environment, type Place } from "./hosting.ts";
import { appsProgram } from "./run.ts";

export interface Gunicorn {
  readonly origin: string;
  close(): Promise<void>;
}

const ARGS = "--worker-class gthread --workers 1 --threads 8 --bind 127.0.0.1:0 --no-control-socket".split(" ");

/** Serves an app of APPS with the same environment, at the same mount path. */
export function startGunicorn(target: string, place: Pick<Place, "path">, folder: string): Promise<Gunicorn> {
  const child = spawn(appsProgram("gunicorn"), [...ARGS, "--chdir", APPS, target], {
    env: {
      PATH: process.env.PATH,
      SCRIPT_NAME: place.path,
      ...environment(folder, place),
    },
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
      const [, origin] = /Listening at: (http:\S+)/.exec(line) ?? [];
      if (origin !== undefined) resolve({ origin, close });
    });
  });
}
