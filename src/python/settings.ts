/** What `pythonApp` can be told, and what holds when it is told nothing. Knows options; knows no process. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { OptionError } from "../errors.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";

/** How a Python app is found and run. */
export interface PythonAppOptions {
  /**
   * The folder of the application: the processes' working directory and the first place where modules are looked for.
   *
   * @default the current directory
   */
  directory?: string | undefined;
  /**
   * The interpreter: a name on the PATH or a path. CPython 3.8 or later.
   *
   * @default "python3"
   */
  python?: string | undefined;
  /**
   * A virtual environment's folder, seen from `directory`; its interpreter is used. Not together with `python`.
   *
   * @default none
   */
  virtualenv?: string | undefined;
  /**
   * Environment variables for the processes, beside those that every program needs (PATH, HOME, LANG, TZ, PYTHON*, …).
   * Nothing else of Node's environment is handed on: name here what the application reads, such as DATABASE_URL.
   *
   * @default {}
   */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * How many CPython processes to keep alive.
   *
   * Raise it for CPU-bound applications: threads inside one process share the GIL.
   *
   * @default 2
   */
  processes?: number | undefined;
  /**
   * How many requests one process serves at the same time, each in a thread of its own.
   *
   * 1 for an application that is not thread-safe; more for one that waits much.
   *
   * @default 4
   */
  threads?: number | undefined;
  /**
   * Where the processes' stdout and stderr go, line by line, and the news of their lives.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/** The options, resolved: below this file nothing has a default. */
export interface PythonAppSettings {
  readonly target: string;
  readonly directory: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly processes: number;
  readonly threads: number;
  readonly logger: Logger;
}

const TARGET = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*:[\p{L}_][\p{L}\p{N}_]*$/u;
/** More would be a mistake in the option, and each lane costs a file descriptor. */
const MAX_PROCESSES = 256;
const MAX_THREADS = 256;

/** @throws OptionError that names the option */
export function resolveSettings(target: string, options: PythonAppOptions): PythonAppSettings {
  if (typeof target !== "string" || !TARGET.test(target)) {
    throw new OptionError(`pythonApp(target): target must be "module:attribute", got ${JSON.stringify(target)}`);
  }
  const directory = resolve(options.directory ?? ".");
  checkDirectory("directory", directory);
  return {
    target,
    directory,
    python: interpreter(options, directory),
    env: { ...inherited(process.env), ...checkEnv(options.env ?? {}) },
    processes: count("processes", options.processes ?? 2, MAX_PROCESSES),
    threads: count("threads", options.threads ?? 4, MAX_THREADS),
    logger: checkLogger(options.logger ?? console),
  };
}

function interpreter({ python, virtualenv }: PythonAppOptions, directory: string): string {
  if (virtualenv === undefined) {
    if (python === undefined) return "python3";
    if (typeof python !== "string" || python === "") throw new OptionError("python must be a name or a path");
    return python.includes("/") ? resolve(python) : python;
  }
  if (python !== undefined) throw new OptionError("python and virtualenv both name an interpreter; give one of them");
  const folder = resolve(directory, virtualenv);
  checkDirectory("virtualenv", folder);
  return join(folder, "bin", "python");
}

function checkDirectory(option: string, path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OptionError(`${option} must be a folder; there is none at ${path}`);
  }
}

function count(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new OptionError(`${option} must be a whole number from 1 to ${most}, got ${String(value)}`);
}

function checkEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "string") throw new OptionError(`env.${name} must be a string, got ${typeof value}`);
  }
  return env;
}

/** An allow-list: secrets of the Node process are not the application's unless `env` says so. */
const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SSL_CERT_FILE|SSL_CERT_DIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|PYTHON\w*)$/;

function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && INHERITED.test(name)) kept[name] = value;
  }
  return kept;
}
