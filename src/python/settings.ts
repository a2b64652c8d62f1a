/** Checks the options of `pythonApp` and fills in the defaults. Knows options; knows no process. */
import { OptionError } from "../errors.ts";
import { type BacklogLimits, backlogLimits } from "../node/backlog.ts";
import { bytes, count, MAX_TIME, unlimited } from "../node/option-values.ts";
import { type SpoolLimits, spoolLimits } from "../node/spool.ts";
import { checkOptionNames } from "../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import { chooseEnvironment } from "./environment.ts";
import { activate, findInterpreter, type Interpreter } from "./interpreter.ts";
import type { PythonAppOptions } from "./options.ts";
import { directoryOption } from "./path-option.ts";
import { checkTarget } from "./target.ts";

/** The resolved options. Only this file knows the defaults. */
export interface PythonAppSettings {
  readonly target: string;
  readonly directory: string;
  readonly interpreter: Interpreter;
  readonly env: Readonly<Record<string, string>>;
  /** The names of the variables of Node's environment that `env` does not have. */
  readonly withheld: ReadonlySet<string>;
  readonly processes: number;
  readonly threads: number;
  readonly preload: boolean;
  /** All times are in milliseconds; `Infinity` means no limit. */
  readonly startTimeout: number;
  readonly requestTimeout: number;
  readonly streamTimeout: number;
  readonly queueTimeout: number;
  readonly gracefulTimeout: number;
  readonly queueLength: number;
  /** `Infinity` means never. */
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  readonly spool: SpoolLimits;
  readonly backlog: BacklogLimits;
  readonly strict: boolean;
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
  preload: true,
  startTimeout: true,
  requestTimeout: true,
  streamTimeout: true,
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
  strict: true,
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
  const directory = directoryOption(options.directory ?? ".");
  const { python, virtualenv } = options;
  const logger = checkLogger(options.logger ?? console);
  const { variables, withheld } = chooseEnvironment(options.env ?? {}, process.env);
  const interpreter = findInterpreter({ python, virtualenv, directory, active: process.env.VIRTUAL_ENV });
  return {
    target: checkTarget(target),
    directory,
    interpreter,
    env: activate(variables, interpreter),
    withheld,
    processes: count("processes", options.processes ?? 1, MAX_PROCESSES),
    threads: count("threads", options.threads ?? 4, MAX_THREADS),
    preload: flag("preload", options.preload ?? false),
    startTimeout: count("startTimeout", options.startTimeout ?? 60_000, MAX_TIME),
    requestTimeout: unlimited(count("requestTimeout", options.requestTimeout ?? 60_000, MAX_TIME, 0)),
    streamTimeout: unlimited(count("streamTimeout", options.streamTimeout ?? 60_000, MAX_TIME, 0)),
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
    strict: flag("strict", options.strict ?? false),
    reload: flag("reload", options.reload ?? false),
    logging: loggingMode(options.logging ?? "lines"),
    logger,
  };
}

function flag(option: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new OptionError(`${option} must be true or false, got ${String(value)}`);
}

function loggingMode(mode: "lines" | "structured"): "lines" | "structured" {
  if (mode === "lines" || mode === "structured") return mode;
  throw new OptionError(`logging must be "lines" or "structured", got ${JSON.stringify(mode)}`);
}
