/** A Python WSGI app as a `WsgiApp`. Knows the pool and the request; the rest is theirs. */
import type { WsgiApp } from "../wsgi/types.ts";
import { WorkerPool } from "./pool.ts";
import { PythonRequest } from "./request.ts";
import { type PythonAppOptions, resolveSettings } from "./settings.ts";

/** A Python app that runs on CPython processes of its own: call it as any `WsgiApp`, and close it at the end. */
export interface PythonApp extends WsgiApp {
  /**
   * Resolves when every process has loaded the application.
   * Rejects with a `StartError` (`InterpreterError`, `AppImportError`, `AppAttributeError`, `AppNotCallableError`) when
   * one could not; it is tried again all the same, ever more slowly. Requests may come earlier: they wait.
   */
  ready(): Promise<void>;
  /**
   * Takes no further requests, lets those under way end (for at most 10 s), and ends the processes.
   * Resolves when all are gone; may be called again.
   */
  close(): Promise<void>;
}

/**
 * Keeps a real Python WSGI app (Bottle, Flask, Django, …) alive on CPython processes, which start at once.
 *
 *     const shop = pythonApp("shop:app", { directory: "./legacy", virtualenv: ".venv" });
 *     app.use(fromWsgi(shop));
 *
 * @param target `"module:attribute"`: the module as `import` names it, and the callable in it
 * @throws OptionError that names the option which cannot be used
 */
export function pythonApp(target: string, options: PythonAppOptions = {}): PythonApp {
  const pool = new WorkerPool(resolveSettings(target, options));
  const app: WsgiApp = (environ, startResponse) => new PythonRequest(pool, environ, startResponse).begin();
  return Object.assign(app, { ready: () => pool.whenReady(), close: () => pool.close() });
}
