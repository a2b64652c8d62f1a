/** Resolves the options of a remote app: checks them and sets the defaults. Knows options; knows no connection. */
import { type BacklogLimits, backlogLimits } from "../node/backlog.ts";
import { bytes, count, MAX_TIME, unlimited } from "../node/option-values.ts";
import { type SpoolLimits, spoolLimits } from "../node/spool.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import { type Address, parseAddresses, type RemoteAddress } from "./address.ts";
import type { RemoteAppOptions } from "./options.ts";

/** The resolved options. Only this file knows the defaults. */
export interface RemoteSettings {
  readonly addresses: readonly Address[];
  readonly maxConnections: number;
  /** In milliseconds; 0 to keep no connections. */
  readonly keepAlive: number;
  /** In milliseconds, like all timeouts; `Infinity` for no limit. */
  readonly connectTimeout: number;
  readonly requestTimeout: number;
  readonly streamTimeout: number;
  readonly totalTimeout: number;
  readonly queueTimeout: number;
  readonly gracefulTimeout: number;
  readonly queueLength: number;
  readonly maxFailures: number;
  readonly spool: SpoolLimits;
  readonly backlog: BacklogLimits;
  readonly logger: Logger;
}

/** A higher number is most likely a mistake. Each connection takes a file descriptor. */
const MAX_CONNECTIONS = 4096;
const MAX_FAILURES = 1000;

/** The names of all options. */
export const REMOTE_OPTIONS: Readonly<Record<keyof RemoteAppOptions, true>> = {
  maxConnections: true,
  keepAlive: true,
  connectTimeout: true,
  requestTimeout: true,
  streamTimeout: true,
  totalTimeout: true,
  queueTimeout: true,
  queueLength: true,
  maxFailures: true,
  gracefulTimeout: true,
  maxBodySize: true,
  spoolThreshold: true,
  spoolMemory: true,
  responseMemory: true,
  responseSpool: true,
  logger: true,
};

/** @throws OptionError that names the invalid option */
export function resolveSettings(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: RemoteAppOptions,
): RemoteSettings {
  const logger = checkLogger(options.logger ?? console);
  return {
    addresses: parseAddresses(addresses),
    maxConnections: count("maxConnections", options.maxConnections ?? 16, MAX_CONNECTIONS),
    keepAlive: count("keepAlive", options.keepAlive ?? 5_000, MAX_TIME, 0),
    connectTimeout: count("connectTimeout", options.connectTimeout ?? 2_000, MAX_TIME),
    requestTimeout: unlimited(count("requestTimeout", options.requestTimeout ?? 60_000, MAX_TIME, 0)),
    streamTimeout: unlimited(count("streamTimeout", options.streamTimeout ?? 60_000, MAX_TIME, 0)),
    totalTimeout: unlimited(count("totalTimeout", options.totalTimeout ?? 0, MAX_TIME, 0)),
    queueTimeout: unlimited(count("queueTimeout", options.queueTimeout ?? 30_000, MAX_TIME, 0)),
    gracefulTimeout: count("gracefulTimeout", options.gracefulTimeout ?? 10_000, MAX_TIME, 0),
    queueLength: count("queueLength", options.queueLength ?? 1024, Number.MAX_SAFE_INTEGER, 0),
    maxFailures: count("maxFailures", options.maxFailures ?? 3, MAX_FAILURES),
    spool: spoolLimits(options),
    backlog: backlogLimits({
      memory: bytes("responseMemory", options.responseMemory ?? 1024 ** 2),
      file: bytes("responseSpool", options.responseSpool ?? 1024 ** 3),
      logger,
    }),
    logger,
  };
}
