/** What `fromWsgi` can be told, and what holds when it is told nothing. Knows options; knows no host. */
import cluster from "node:cluster";
import type { IncomingMessage } from "node:http";
import { OptionError } from "../errors.ts";
import { MemoryBudget } from "../node/memory-budget.ts";
import { count, MAX_TIME, unlimited } from "../node/option-values.ts";
import { checkOptionNames } from "../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import { SendTimeout } from "./send-timeout.ts";

/** How a WSGI app is joined to its host. `Request` is Express's request, or Koa's context. */
export interface FromWsgiOptions<Request = IncomingMessage> {
  /**
   * Keys to add to the environ, made anew for each request: REMOTE_USER and AUTH_TYPE, since no header can set them, and
   * whatever the app looks for. Keys without a dot must be text; `undefined` leaves a key out.
   *
   * @default none
   */
  environ?: ((request: Request) => Readonly<Record<string, unknown>>) | undefined;
  /**
   * Statuses of the app with which the request goes on to the next handler as if the app had not been there, such as
   * `[404, 405]`. The body is whole for that handler unless the app has read more than 1 MiB of it, or all requests together
   * more than 64 MiB of theirs; then the app's answer is sent.
   *
   * @default []
   */
  passOn?: readonly number[] | undefined;
  /**
   * Leave out the headers by which proxies speak of a client: X-Forwarded-*, Forwarded, X-Real-IP, X-Client-IP,
   * X-Remote-User and their like. Turn it on where Node itself is the edge: some frameworks believe them unasked.
   *
   * @default false
   */
  stripForwarded?: boolean | undefined;
  /**
   * The longest body that a request may have, in bytes. A longer one gets a 413.
   *
   * @default 1073741824
   */
  maxBodySize?: number | undefined;
  /**
   * If a client takes nothing for so long while data waits for it, in milliseconds, its connection is closed (on HTTP/2 its
   * stream), and `close()` of the app's result is called; 0 for never. It may take up to a quarter longer. The system tells
   * Node of progress in steps: some hundred KiB on a fast network, 64 KiB on HTTP/2. A client that takes less than a step in
   * this time counts as one that takes nothing.
   *
   * @default 60000
   */
  sendTimeout?: number | undefined;
  /**
   * Where `wsgi.errors` goes, and every error of which no answer can tell the client; `info`, `warn` and `error` are
   * called.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/** The options, resolved: below this file nothing has a default. */
export interface FromWsgiSettings<Request = IncomingMessage> {
  readonly environ: ((request: Request) => Readonly<Record<string, unknown>>) | undefined;
  readonly passOn: ReadonlySet<number>;
  /** What all bodies keep together for the handlers to which they may be passed on; undefined where none may. */
  readonly passOnMemory: MemoryBudget | undefined;
  readonly stripForwarded: boolean;
  readonly maxBodySize: number;
  readonly sendTimeout: SendTimeout;
  readonly multiprocess: boolean;
  readonly logger: Logger;
}

const GIB: number = 1024 ** 3;
const PASS_ON_MEMORY: number = 64 * 1024 ** 2;

const OPTIONS: Readonly<Record<keyof FromWsgiOptions, true>> = {
  environ: true,
  passOn: true,
  stripForwarded: true,
  maxBodySize: true,
  sendTimeout: true,
  logger: true,
};

/** @throws OptionError that names the option */
export function resolveSettings<Request>(options: FromWsgiOptions<Request>): FromWsgiSettings<Request> {
  checkOptionNames("fromWsgi", options, OPTIONS);
  const { environ, passOn = [], stripForwarded = false, maxBodySize = GIB, logger = console } = options;
  if (environ !== undefined && typeof environ !== "function") throw new OptionError("environ must be a function");
  if (!Array.isArray(passOn) || !passOn.every((status) => Number.isInteger(status) && status >= 200 && status <= 999)) {
    throw new OptionError("passOn must be an array of statuses from 200 to 999, such as [404]");
  }
  if (typeof stripForwarded !== "boolean") throw new OptionError("stripForwarded must be true or false");
  if (!Number.isSafeInteger(maxBodySize) || maxBodySize < 0) {
    throw new OptionError("maxBodySize must be a whole number of bytes");
  }
  return {
    environ,
    passOn: new Set(passOn),
    passOnMemory: passOn.length === 0 ? undefined : new MemoryBudget(PASS_ON_MEMORY),
    stripForwarded,
    maxBodySize,
    sendTimeout: new SendTimeout(unlimited(count("sendTimeout", options.sendTimeout ?? 60_000, MAX_TIME, 0))),
    multiprocess: cluster.isWorker,
    logger: checkLogger(logger),
  };
}
