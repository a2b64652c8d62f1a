/** How a CPython process is started, and what it says. Knows child processes and lines; knows no lane and no request. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { InterpreterError, StartTimeoutError } from "../errors.ts";
import { LineSplitter, type Logger } from "../wsgi/log.ts";
import type { PythonAppSettings } from "./settings.ts";

/** Run as a folder: its `__main__.py` is the worker. The same place seen from `src` and from `dist`. */
const WORKER_PROGRAM: string = fileURLToPath(new URL("../../python/wsgi_bridge", import.meta.url));
/** The lines of stderr that go into the error of a process that could not start. */
const TAIL_LINES = 40;
/** A child of the process's own may hold its stderr open for ever. */
const LAST_WORDS_MS = 1_000;

/** Its fourth descriptor is the control lane; the lanes follow. */
export function launch({ target, threads, processes, interpreter, directory, env }: PythonAppSettings): ChildProcess {
  const told = [target, threads, processes, process.pid].map(String);
  return spawn(interpreter.command, [WORKER_PROGRAM, ...told], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe", ...Array.from({ length: threads }, () => "pipe" as const)],
  });
}

/** Logs what the process writes, line by line. @param heard each line of stderr, too */
export function forwardOutput(child: ChildProcess, logger: Logger, heard: (line: string) => void): void {
  forward(child.stdout, (line) => logger.info(line));
  forward(child.stderr, (line) => {
    heard(line);
    logger.error(line);
  });
}

function forward(stream: Readable | null, log: (line: string) => void): void {
  const lines = new LineSplitter(log);
  stream
    ?.setEncoding("utf8")
    .on("data", (text: string) => lines.push(text))
    .on("end", () => lines.flush());
}

/** Why a process could not start, from what it said. */
export class LastWords {
  readonly #settings: PythonAppSettings;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  #late = false;

  constructor(settings: PythonAppSettings, child: ChildProcess) {
    this.#settings = settings;
    this.#child = child;
  }

  push(line: string): void {
    if (this.#tail.push(line) > TAIL_LINES) this.#tail.shift();
  }

  /** It was ended because it had taken too long. */
  late(): void {
    this.#late = true;
    this.#tail.length = 0; // from here on it says where it was
  }

  /** Calls back when all that the process wrote has been heard. */
  read(done: () => void): void {
    const timer = setTimeout(done, LAST_WORDS_MS);
    this.#child.on("close", () => {
      clearTimeout(timer);
      done();
    });
  }

  notRun(error: Error): InterpreterError {
    const { command, why } = this.#settings.interpreter;
    return new InterpreterError(
      `the Python interpreter "${command}" cannot be run (${(error as NodeJS.ErrnoException).code}); it is the one ${why}; install Python 3.8 or later, or name another with the option python or virtualenv`,
      { cause: error },
    );
  }

  endedEarly(how: string): InterpreterError | StartTimeoutError {
    const { interpreter, target, startTimeout } = this.#settings;
    const said = this.#tail.length === 0 ? "it wrote nothing to stderr" : this.#tail.join("\n");
    if (this.#late) {
      return new StartTimeoutError(
        `the Python process had not loaded ${target} within startTimeout, ${startTimeout} ms, and was ended:\n${said}`,
      );
    }
    const { command, why } = interpreter;
    return new InterpreterError(
      `the Python interpreter "${command}", ${why}, ended ${how} before it had loaded ${target}: ${said}`,
    );
  }
}
