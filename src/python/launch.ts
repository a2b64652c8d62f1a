/** How a CPython process is started, and what it says. Knows child processes and lines; knows no lane and no request. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { InterpreterError, StartTimeoutError } from "../errors.ts";
import { LineSplitter, type Logger } from "../wsgi/log.ts";
import type { PythonAppSettings } from "./settings.ts";

/** Run as a folder: its `__main__.py` is the worker. The same place seen from `src` and from `dist`. */
const WORKER_PROGRAM: string = fileURLToPath(new URL("../../python/wsgi_bridge", import.meta.url));
/** The lines of stderr that go into the error of a process that could not start. */
const TAIL_LINES = 40;

/** Its fourth descriptor is the control lane; the lanes follow. */
export function launch({ target, threads, processes, interpreter, directory, env }: PythonAppSettings): ChildProcess {
  const told = [target, threads, processes, process.pid].map(String);
  return spawn(interpreter.command, [WORKER_PROGRAM, ...told], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe", ...Array.from({ length: threads }, () => "pipe" as const)],
  });
}

/** What a process writes, on its way to the log. */
export interface Output {
  /** Logs unfinished lines: nothing more will come. */
  flush(): void;
}

/** Logs what the process writes, line by line. @param heard each line of stderr, too */
export function forwardOutput(child: ChildProcess, logger: Logger, heard: (line: string) => void): Output {
  const out = forward(child.stdout, (line) => logger.info(line));
  const err = forward(child.stderr, (line) => {
    heard(line);
    logger.error(line);
  });
  return {
    flush() {
      out.flush();
      err.flush();
    },
  };
}

function forward(stream: Readable | null, log: (line: string) => void): LineSplitter {
  const lines = new LineSplitter(log);
  stream
    ?.setEncoding("utf8")
    .on("data", (text: string) => lines.push(text))
    .on("end", () => lines.flush())
    .on("error", () => undefined); // what can still be read is worth no more than a line that was cut
  return lines;
}

/** Why a process could not start, from what it said. */
export class StderrTail {
  readonly #settings: PythonAppSettings;
  readonly #tail: string[] = [];
  #late = false;

  constructor(settings: PythonAppSettings) {
    this.#settings = settings;
  }

  push(line: string): void {
    if (this.#tail.push(line) > TAIL_LINES) this.#tail.shift();
  }

  /** It was ended because it had taken too long. */
  late(): void {
    this.#late = true;
    this.#tail.length = 0; // from here on it says where it was
  }

  spawnFailed(error: NodeJS.ErrnoException): InterpreterError {
    const { directory, interpreter } = this.#settings;
    const code = error.code ?? error.message;
    if (!existsSync(directory)) {
      // The system says ENOENT for a folder that is gone and for an interpreter that is gone.
      return new InterpreterError(
        `the Python process cannot be started (${code}): there is no folder at ${directory} any more; put it back, or name another with the option directory`,
        { cause: error },
      );
    }
    return new InterpreterError(
      `the Python interpreter "${interpreter.command}" cannot be run (${code}); it is the one ${interpreter.why}; ${REMEDIES[code] ?? INSTALL}`,
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

const INSTALL = "install Python 3.8 or later, or name another with the option python or virtualenv";
/** What to do against errors that another interpreter would not mend. */
const REMEDIES: Readonly<Record<string, string>> = {
  E2BIG: "its environment is too large; give it less with the option env",
  ENOMEM: "the system has no memory for another process",
  EAGAIN: "the system allows this user no further process",
  EMFILE: "this process may open no further files; raise the limit (ulimit -n), or lower processes or threads",
  ENFILE: "the system can open no further files",
};
