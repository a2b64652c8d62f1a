/** Starts a CPython process and explains failed starts. Knows child processes; knows no request. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Stream } from "node:stream";
import { fileURLToPath } from "node:url";
import { InterpreterError, StartTimeoutError } from "../errors.ts";
import type { PythonAppSettings } from "./settings.ts";

/** Python runs the folder's `__main__.py`. The relative path is the same from `src` and from `dist`. */
const WORKER_PROGRAM: string = fileURLToPath(new URL("../../python/wsgi_bridge", import.meta.url));
const HANDOVER_PROGRAM: string = join(WORKER_PROGRAM, "handover.py");
/** How many of the last lines of stderr the error of a failed start contains. */
const TAIL_LINES = 40;

/** Starts a worker process. Its descriptor 3 is the control lane; the request lanes follow. */
export function launch(settings: PythonAppSettings): ChildProcess {
  return start(settings, [WORKER_PROGRAM, ...workerArguments(settings, false)], pipes(settings.threads + 3));
}

/** Starts a template. Its descriptor 3 is its control lane, and on 4 it receives the descriptors of its workers. */
export function launchTemplate(settings: PythonAppSettings): ChildProcess {
  return start(settings, [WORKER_PROGRAM, ...workerArguments(settings, true)], pipes(4));
}

/** Starts the program that hands the descriptors of a worker over to a template. @param handover Node's end of descriptor 4 */
export function launchHandover(settings: PythonAppSettings, worker: number, handover: Stream): ChildProcess {
  const descriptors = pipes(settings.threads + 3);
  const args = ["-I", "-S", HANDOVER_PROGRAM, String(worker), String(descriptors.length)];
  return start(settings, args, [...descriptors, handover]);
}

/** See python/wsgi_bridge/settings.py. */
function workerArguments(settings: PythonAppSettings, preload: boolean): readonly string[] {
  const { target, threads, processes, strict, logging } = settings;
  const multiprocess = processes > 1 || cluster.isWorker;
  const values = { threads, multiprocess, parent: process.pid, strict, logging, preload };
  return [target, ...Object.entries(values).map(([name, value]) => `${name}=${value}`)];
}

/** @param descriptors those from 1 on */
function start(settings: PythonAppSettings, args: readonly string[], descriptors: StdioOptions & object): ChildProcess {
  const { interpreter, directory, env } = settings;
  return spawn(interpreter.command, args, { cwd: directory, env, stdio: ["ignore", ...descriptors] });
}

const pipes = (count: number): "pipe"[] => Array.from({ length: count }, () => "pipe");

/** Keeps the last lines of stderr and builds the error of a failed start from them. */
export class StderrTail {
  readonly #settings: PythonAppSettings;
  readonly #tail: string[] = [];
  #timedOut = false;

  constructor(settings: PythonAppSettings) {
    this.#settings = settings;
  }

  push(line: string): void {
    if (this.#tail.push(line) > TAIL_LINES) this.#tail.shift();
  }

  /** Called when the process did not load the application in time and is about to get SIGABRT. */
  timedOut(): void {
    this.#timedOut = true;
    this.#tail.length = 0; // the lines that follow are faulthandler's stack traces
  }

  spawnFailed(error: NodeJS.ErrnoException): InterpreterError {
    const { directory, interpreter } = this.#settings;
    const code = error.code ?? error.message;
    if (!existsSync(directory)) {
      // The system reports ENOENT both for a missing folder and for a missing interpreter.
      return new InterpreterError(
        `the Python process cannot be started (${code}): the folder ${directory} no longer exists; restore it, or name another folder with the option directory`,
        { cause: error },
      );
    }
    return new InterpreterError(
      `the Python interpreter "${interpreter.command}" (${interpreter.why}) cannot be run: ${code}; ${REMEDIES[code] ?? INSTALL}`,
      { cause: error },
    );
  }

  endedEarly(how: string): InterpreterError | StartTimeoutError {
    const { interpreter, target, startTimeout } = this.#settings;
    const stderr = this.#tail.length === 0 ? "it wrote nothing to stderr" : this.#tail.join("\n");
    if (this.#timedOut) {
      return new StartTimeoutError(
        `the Python process did not load ${target} within startTimeout, ${startTimeout} ms, and was terminated; see where it was, or raise startTimeout:\n${stderr}`,
      );
    }
    const { command, why } = interpreter;
    return new InterpreterError(
      `the Python interpreter "${command}" (${why}) ended ${how} before it loaded ${target}: ${stderr}`,
    );
  }
}

const INSTALL = "install Python 3.8 or later, or name another interpreter with the option python or virtualenv";
/** What to do about errors that another interpreter would not fix. */
const REMEDIES: Readonly<Record<string, string>> = {
  E2BIG: "its environment variables are too large; pass fewer or shorter ones with the option env",
  ENOMEM: "the system has no memory for another process",
  EAGAIN: "the system does not allow this user another process",
  EMFILE: "Node cannot open more files; raise the limit (ulimit -n), or lower processes or threads",
  ENFILE: "the system cannot open more files",
  EACCES: "this user may not execute it; change its permissions or those of its folders, or name another interpreter",
  ERR_INVALID_ARG_VALUE: "an environment variable contains a NUL character; remove it from the option env",
};
