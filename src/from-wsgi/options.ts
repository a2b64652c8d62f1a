/** The options of `fromWsgi` and their defaults. Knows options; knows no host. */
import cluster from "node:cluster";
import type { IncomingMessage } from "node:http";
import { OptionError } from "../errors.ts";
import { MemoryBudget } from "../node/memory-budget.ts";
import { count, MAX_TIME, unlimited } from "../node/option-values.ts";
import { checkOptionNames } from "../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import { RewrittenBodies } from "./rewritten-bodies.ts";
import { SendTimeout } from "./send-timeout.ts";

/** The options of `fromWsgi`. `Request` is the type of Express's request or of Koa's context. */
export interface FromWsgiOptions<Request = IncomingMessage> {
  /**
   * A function that returns keys to add to the environ. It is called for each request. Use it for REMOTE_USER and AUTH_TYPE,
   * which no header can set, and for keys of your own. Values of keys without a dot must be strings. A value of
   * `undefined` or `null` leaves the key unchanged.
   *
   * @default none
   */
  environ?: ((request: Request) => Readonly<Record<string, unknown>>) | undefined;
  /**
   * Status codes, such as `[404, 405]`. If the app responds with one of them, its response is dropped and the request goes to
   * the next handler, which can read the whole request body. Exception: the app's response is sent if the app has read more
   * than 1 MiB of the body, or if the bodies kept for all requests together exceed 64 MiB.
   *
   * @default []
   */
  passOn?: readonly number[] | undefined;
  /**
   * Whether to remove the headers in which proxies describe the client: X-Forwarded-*, Forwarded, X-Real-IP, X-Client-IP,
   * X-Remote-User and similar ones. Set it to true if no proxy is in front of Node: some frameworks trust these headers by
   * default, and any client can send them.
   *
   * @default false
   */
  stripForwarded?: boolean | undefined;
  /**
   * The maximum size of a request body, in bytes. A request with a larger body gets a 413.
   *
   * @default 1073741824
   */
  maxBodySize?: number | undefined;
  /**
   * How long a client may accept no data while response data is waiting, in milliseconds; 0 for no limit. After that time,
   * or up to a quarter of it later, the connection (on HTTP/2, the stream) is closed and `close()` of the app's result is
   * called. Node sees progress only in steps: some hundred KiB on a fast network, 64 KiB on HTTP/2. A client that accepts
   * less than one step within this time counts as one that accepts nothing.
   *
   * @default 60000
   */
  sendTimeout?: number | undefined;
  /**
   * Receives what the app writes to `wsgi.errors`, and errors that cannot be reported to the client. It needs the methods
   * `info`, `warn` and `error`.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/** The resolved options: every option has a value here, so no other file has defaults. */
export interface FromWsgiSettings<Request = IncomingMessage> {
  readonly environ: ((request: Request) => Readonly<Record<string, unknown>>) | undefined;
  readonly passOn: ReadonlySet<number>;
  /** The memory that all requests share to keep bodies for the next handler; undefined if `passOn` is empty. */
  readonly passOnMemory: MemoryBudget | undefined;
  /** Warns about bodies that are not what the client sent. */
  readonly rewritten: RewrittenBodies;
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

/** @throws OptionError if an option is invalid; the message names it */
export function resolveSettings<Request>(options: FromWsgiOptions<Request>): FromWsgiSettings<Request> {
  checkOptionNames("fromWsgi", options, OPTIONS);
  const { environ, passOn = [], stripForwarded = false, maxBodySize = GIB, logger = console } = options;
  if (environ !== undefined && typeof environ !== "function") throw new OptionError("environ must be a function");
  if (!Array.isArray(passOn) || !passOn.every((status) => Number.isInteger(status) && status >= 200 && status <= 999)) {
    throw new OptionError("passOn must be an array of status codes from 200 to 999, such as [404]");
  }
  if (typeof stripForwarded !== "boolean") throw new OptionError("stripForwarded must be true or false");
  if (!Number.isSafeInteger(maxBodySize) || maxBodySize < 0) {
    throw new OptionError("maxBodySize must be a whole number of bytes, 0 or more");
  }
  return {
    environ,
    passOn: new Set(passOn),
    rewritten: new RewrittenBodies(),
    passOnMemory: passOn.length === 0 ? undefined : new MemoryBudget(PASS_ON_MEMORY),
    stripForwarded,
    maxBodySize,
    sendTimeout: new SendTimeout(unlimited(count("sendTimeout", options.sendTimeout ?? 60_000, MAX_TIME, 0))),
    multiprocess: cluster.isWorker,
    logger: checkLogger(logger),
  };
}
