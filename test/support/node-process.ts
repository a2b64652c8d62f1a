/** Starts a separate Node process that serves a Python app, from the built package. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ensurePython } from "../../scripts/python-env.mjs";
import type { PythonAppOptions } from "../../src/python.ts";
import { childrenOf } from "./processes.ts";
import { APPS } from "./python.ts";

export interface NodeProcess {
  readonly node: ChildProcess;
  readonly port: number;
  /** The pids of its child processes. */
  readonly children: readonly number[];
}

/** Starts an app with two processes. */
export async function nodeWith(target: string, options: PythonAppOptions = {}): Promise<NodeProcess> {
  const built = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
  const all = { directory: APPS, python: ensurePython(), processes: 2, ...options };
  const program = `
    import { createServer } from "node:http";
    import { fromWsgi } from ${JSON.stringify(built("index.js"))};
    import { pythonApp } from ${JSON.stringify(built("python.js"))};
    const app = pythonApp(${JSON.stringify(target)}, ${JSON.stringify(all)});
    await app.ready();
    const server = createServer(fromWsgi(app)).listen(0, "127.0.0.1", () => console.log("port " + server.address().port));`;
  const node = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  while (!/port \d+\n/.test(said)) said += String((await once(node.stdout as NodeJS.ReadableStream, "data"))[0]);
  return { node, port: Number(/port (\d+)/.exec(said)?.[1]), children: childrenOf(node.pid as number) };
}
