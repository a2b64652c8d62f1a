/** Checks the options of `pythonApp` and fills in the defaults. Knows options; knows no process. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { OptionError } from "../errors.ts";
import { type BacklogLimits, backlogLimits } from "../node/backlog.ts";
import { bytes, count, MAX_TIME, unlimited } from "../node/option-values.ts";
import { type SpoolLimits, spoolLimits } from "../node/spool.ts";
import { checkOptionNames } from "../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import { activate, findInterpreter, type Interpreter } from "./interpreter.ts";
import type { PythonAppOptions } from "./options.ts";
import { checkTarget } from "./target.ts";

/** The resolved options. Only this file knows the defaults. */
export interface PythonAppSettings {
  readonly target: string;
  readonly directory: string;
  readonly interpreter: Interpreter;
  readonly env: Readonly<Record<string, string>>;
  readonly processes: number;
  readonly threads: number;
  /** All times are in milliseconds; `Infinity` means no limit. */
  readonly startTimeout: number;
  readonly requestTimeout: number;
  readonly queueTimeout: number;
  readonly gracefulTimeout: number;
  readonly queueLength: number;
  /** `Infinity` means never. */
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly spool: SpoolLimits;
  readonly backlog: BacklogLimits;
  readonly reload: boolean;
  readonly logging: "lines" | "structured";
  readonly logger: Logger;
}

/** A larger number is most likely a mistake. */
const MAX_PROCESSES = 256;
/** For green threads; see python/wsgi_bridge/threads.py for others. Each thread also costs Node a file descriptor. */
const MAX_THREADS = 10_000;

/** The names of all options. The type makes the compiler check that none is missing. */
const OPTIONS: Readonly<Record<keyof PythonAppOptions, true>> = {
  directory: true,
  python: true,
  virtualenv: true,
  env: true,
  processes: true,
  threads: true,
  startTimeout: true,
  requestTimeout: true,
  queueTimeout: true,
  gracefulTimeout: true,
  queueLength: true,
  maxRequests: true,
  maxRequestsJitter: true,
  maxBodySize: true,
  spoolThreshold: true,
  spoolMemory: true,
  responseMemory: true,
  responseSpool: true,
  reload: true,
  logging: true,
  logger: true,
};

/**
 * Checks all options.
 *
 * @throws OptionError whose message names the option
 */
export function resolveSettings(target: string, options: PythonAppOptions): PythonAppSettings {
  checkOptionNames("pythonApp", options, OPTIONS);
  const directory = resolve(options.directory ?? ".");
  checkDirectory(directory);
  const { python, virtualenv } = options;
  const logger = checkLogger(options.logger ?? console);
  const interpreter = findInterpreter({ python, virtualenv, directory, active: process.env.VIRTUAL_ENV });
  return {
    target: checkTarget(target),
    directory,
    interpreter,
    env: activate({ ...inherited(process.env), ...checkEnv(options.env ?? {}) }, interpreter),
    processes: count("processes", options.processes ?? 2, MAX_PROCESSES),
    threads: count("threads", options.threads ?? 4, MAX_THREADS),
    startTimeout: count("startTimeout", options.startTimeout ?? 60_000, MAX_TIME),
    requestTimeout: unlimited(count("requestTimeout", options.requestTimeout ?? 60_000, MAX_TIME, 0)),
    queueTimeout: unlimited(count("queueTimeout", options.queueTimeout ?? 30_000, MAX_TIME, 0)),
    gracefulTimeout: count("gracefulTimeout", options.gracefulTimeout ?? 10_000, MAX_TIME, 0),
    queueLength: count("queueLength", options.queueLength ?? 1024, Number.MAX_SAFE_INTEGER, 0),
    maxRequests: unlimited(count("maxRequests", options.maxRequests ?? 0, Number.MAX_SAFE_INTEGER, 0)),
    maxRequestsJitter: count("maxRequestsJitter", options.maxRequestsJitter ?? 0, Number.MAX_SAFE_INTEGER, 0),
    spool: spoolLimits(options),
    backlog: backlogLimits({
      memory: bytes("responseMemory", options.responseMemory ?? 1024 ** 2),
      file: bytes("responseSpool", options.responseSpool ?? 1024 ** 3),
      logger,
    }),
    reload: flag("reload", options.reload ?? false),
    logging: loggingMode(options.logging ?? "lines"),
    logger,
  };
}

function checkDirectory(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OptionError(`directory must be an existing folder, got ${path}`);
  }
}

function flag(option: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new OptionError(`${option} must be true or false, got ${String(value)}`);
}

function loggingMode(mode: "lines" | "structured"): "lines" | "structured" {
  if (mode === "lines" || mode === "structured") return mode;
  throw new OptionError(`logging must be "lines" or "structured", got ${JSON.stringify(mode)}`);
}

function checkEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "string") throw new OptionError(`env.${name} must be a string, got ${typeof value}`);
  }
  return env;
}

/** An allow-list: the application does not see secrets in Node's environment unless `env` passes them on. */
const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SSL_CERT_FILE|SSL_CERT_DIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|PYTHON\w*)$/;

function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && INHERITED.test(name)) kept[name] = value;
  }
  return kept;
}
