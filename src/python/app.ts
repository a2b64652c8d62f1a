/** A Python WSGI app as a `WsgiApp`. Connects the options, the pool and the requests; does nothing else. */
import { type BridgeError, StartError } from "../errors.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { announce } from "./announce.ts";
import { capacityAdvice } from "./capacity.ts";
import type { PythonAppOptions } from "./options.ts";
import { WorkerPool } from "./pool.ts";
import { PythonRequest } from "./request.ts";
import { type PythonAppSettings, resolveSettings } from "./settings.ts";
import type { PythonAppStats } from "./stats.ts";
import { targetFile } from "./target.ts";
import { watchPython } from "./watch.ts";

/** A Python app that runs in its own CPython processes. Call it like any `WsgiApp`, and close it at the end. */
export interface PythonApp extends WsgiApp {
  /**
   * Resolves when every process has loaded the application. Requests may arrive earlier: they wait.
   *
   * Rejects with a `StartError` (`InterpreterError`, `StartTimeoutError`, `AppImportError`, `AppAttributeError`,
   * `AppNotCallableError`, `AppThreadsError`, `AppPreloadError`) when a process could not load it. The start is retried nevertheless, with growing delays.
   */
  ready(): Promise<void>;
  /**
   * Replaces all processes by new ones, which load the current code. When all new processes are ready, they take over. The old
   * ones finish their requests within `gracefulTimeout` and exit. Until then there are twice as many processes.
   *
   * Resolves when the new processes serve. Rejects with a `StartError` if one of them cannot start: then the old processes keep
   * serving. Rejects with an `AppClosedError` after `close()`. A second call waits for the first one, then reloads again.
   */
  reload(): Promise<void>;
  /** Returns the current state of the processes and of the queue, and how long requests wait and take. */
  stats(): PythonAppStats;
  /**
   * Takes no more requests, waits for running requests (at most `gracefulTimeout`), and ends the processes.
   * Resolves when all processes have exited. May be called more than once.
   */
  close(): Promise<void>;
}

/**
 * Runs a Python WSGI app (Bottle, Flask, Django, …) in CPython processes, which start at once.
 *
 *     const shop = pythonApp("shop:app", { directory: "./legacy", virtualenv: ".venv" });
 *     app.use(fromWsgi(shop));
 *
 * @param target the application, in one of these forms:
 *   - `"module:attribute"`: a module name as in `import`, and a callable in the module. It may be nested: `"shop:site.app"`
 *   - `"module:factory()"`: the return value of a factory, which each process calls once when it starts. The arguments may be
 *     literals of Python: `"shop:create_app('prod', debug=False)"`
 *   - `"module"`: the module's `application`, else its `app`. If it has neither and is a Django settings module
 *     (`"project.settings"`), the application of the Django project; DJANGO_SETTINGS_MODULE is then set
 *   - `"path/to/file.py"`, alone or followed by `":attribute"` or `":factory()"`: a file, relative to `directory`. Its folder
 *     is put first on `sys.path`, as for a script. The module is named after the file, without `.py`
 *   - `"site/app.wsgi"`: a file with another extension, or a path with a slash, in the same forms
 *   - `"production.ini"` or `"production.ini#name"`: an app of a configuration of PasteDeploy, which must be installed
 * @throws OptionError whose message names the wrong option
 */
export function pythonApp(target: string, options: PythonAppOptions = {}): PythonApp {
  const settings = resolveSettings(target, options);
  if (options.processes === undefined) settings.logger.info(capacityAdvice(settings.target, settings));
  announce(settings);
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

/** Reloads the app when its files change, for development. @returns a function that stops watching */
function reloadOnChange(pool: WorkerPool, { directory, target, logger }: PythonAppSettings): () => Promise<void> {
  const changed = (): void => {
    pool.reload().then(
      () => logger.info(`${target}: its files have changed; the new code is running`),
      (error: BridgeError) => {
        if (error instanceof StartError)
          logger.error(`${target}: its files have changed; the old code keeps running, because ${error.message}`);
      },
    );
  };
  const unwatched = (what: string): void =>
    logger.warn(`${target}: reload: ${what}; changes there do not reload the app`);
  return watchPython(directory, { changed, unwatched }, targetFile(target));
}
