/** A Python WSGI app as a `WsgiApp`. Knows the pool and the request; the rest is theirs. */
import { type BridgeError, StartError } from "../errors.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import type { PythonAppOptions } from "./options.ts";
import { WorkerPool } from "./pool.ts";
import { PythonRequest } from "./request.ts";
import { type PythonAppSettings, resolveSettings } from "./settings.ts";
import type { PythonAppStats } from "./stats.ts";
import { watchPython } from "./watch.ts";

/** A Python app that runs on CPython processes of its own: call it as any `WsgiApp`, and close it at the end. */
export interface PythonApp extends WsgiApp {
  /**
   * Resolves when every process has loaded the application.
   * Rejects with a `StartError` (`InterpreterError`, `StartTimeoutError`, `AppImportError`, `AppAttributeError`, `AppNotCallableError`) when
   * one could not; it is tried again all the same, ever more slowly. Requests may come earlier: they wait.
   */
  ready(): Promise<void>;
  /**
   * Starts new processes with the code as it is now. When all of them are ready they take over; the old ones finish their
   * requests within `gracefulTimeout`, and end. While it lasts there are twice as many processes.
   * Resolves when the new ones serve. Rejects with the `StartError` of one that could not start: the old ones go on; with
   * `AppClosedError` after `close()`. A second call waits for the first, then starts anew.
   */
  reload(): Promise<void>;
  /** What the app is at, now: its processes, its queue, and how long requests wait and take. */
  stats(): PythonAppStats;
  /**
   * Takes no further requests, lets those under way end (for at most `gracefulTimeout`), and ends the processes.
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
 * @param target the application, in one of these shapes:
 *   - `"module:attribute"`: the module as `import` names it, and the callable in it, which may be nested: `"shop:site.app"`
 *   - `"module:factory()"`: what the factory returns; each process calls it once at its start, without arguments
 *   - `"module"`: its `application`, else its `app`, else, if it is a settings module (`"project.settings"`), the application of
 *     the Django project; DJANGO_SETTINGS_MODULE is set
 *   - `"path/to/file.py"`, alone or before `":attribute"` or `":factory()"`: a file, seen from `directory`. As for a script its
 *     folder is the first on `sys.path`; the module has the file's name, without `.py`
 * @throws OptionError that names the option which cannot be used
 */
export function pythonApp(target: string, options: PythonAppOptions = {}): PythonApp {
  const settings = resolveSettings(target, options);
  const pool = new WorkerPool(settings);
  if (settings.reload) pool.onClose(reloadOnChange(pool, settings));
  const app: WsgiApp = (environ, startResponse) => new PythonRequest(pool, environ, startResponse).begin();
  return Object.assign(app, {
    ready: () => pool.whenReady(),
    reload: () => pool.reload(),
    stats: () => pool.stats(),
    close: () => pool.close(),
  });
}

/** For development. @returns what ends it */
function reloadOnChange(pool: WorkerPool, { directory, target, logger }: PythonAppSettings): () => Promise<void> {
  return watchPython(directory, {
    changed() {
      pool.reload().then(
        () => logger.info(`${target}: its files have changed; the new code serves`),
        (error: BridgeError) => {
          if (error instanceof StartError)
            logger.error(`${target}: its files have changed; the old code serves on, since ${error.message}`);
        },
      );
    },
    unwatched: (what) => logger.warn(`${target}: reload: ${what}; changes there do not reload it`),
  });
}
