/** Starts Python apps for tests, on the interpreter that `npm run setup` installs. Closes them when the test ends. */
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { fromWsgi } from "../../src/index.ts";
import { type PythonApp, type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "./logger.ts";
import { listen, type TestServer } from "./server.ts";

export const APPS: string = fileURLToPath(new URL("../apps", import.meta.url));

export interface Hosted extends TestServer {
  readonly app: PythonApp;
  readonly logger: MemoryLogger;
}

/** Starts a Python app without a server. By default it has one process with two threads. */
export function startPython(target: string, options: PythonAppOptions = {}): PythonApp & { logger: MemoryLogger } {
  const logger = new MemoryLogger();
  const app = pythonApp(target, {
    directory: APPS,
    python: ensurePython(),
    processes: 1,
    threads: 2,
    logger,
    ...options,
  });
  onTestFinished(() => app.close());
  return Object.assign(app, { logger });
}

/** Starts a Python app behind a plain `node:http` server. */
export async function hostPython(target: string, options: PythonAppOptions = {}): Promise<Hosted> {
  const app = startPython(target, options);
  const { logger } = app;
  const server = await listen(fromWsgi(app, { logger }));
  onTestFinished(() => server.close());
  await app.ready();
  return { ...server, app, logger };
}
