/** The options of `serveFastcgi`, and their defaults. Knows no connection. */
import cluster from "node:cluster";
import { OptionError } from "../../errors.ts";
import { bytes, count, MAX_TIME } from "../../node/option-values.ts";
import { checkOptionNames } from "../../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../../wsgi/log.ts";
import type { ResponderSettings } from "./served-request.ts";

export interface ServeFastcgiOptions {
  /**
   * The mount path of the app, percent-decoded, such as `"/shop"`. The web server must send only requests for paths under it.
   *
   * @default ""
   */
  scriptName?: string | undefined;
  /**
   * The mode of the unix socket, as in `chmod`. Set it to 0o660 if the web server runs as another user of the same group.
   *
   * @default 0o600
   */
  mode?: number | undefined;
  /**
   * Whether to listen on an address that other machines can reach. FastCGI has no authentication and no encryption. Anyone who
   * can connect can pose as any client, so make sure that only the web server can reach the port.
   *
   * @default false
   */
  allowRemote?: boolean | undefined;
  /**
   * The most connections at the same time. Further connections are closed at once.
   *
   * @default 512
   */
  maxConnections?: number | undefined;
  /**
   * How long the web server may take for its next step, in milliseconds: to send a request, to send all of its parameters, to
   * send more of a body that the app waits for, or to read more of a response. After that the connection is closed, which can
   * take up to twice as long. Set it higher than the time for which the web server keeps idle connections.
   *
   * @default 120000
   */
  idleTimeout?: number | undefined;
  /**
   * How long running requests may take to finish after `close()`, in milliseconds.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * The largest request body, in bytes. A request with a larger body gets a 413.
   *
   * @default 1073741824
   */
  maxBodySize?: number | undefined;
  /**
   * Whether to remove the headers that proxies set to describe a client, like the option of `fromWsgi` with the same name.
   *
   * @default false
   */
  stripForwarded?: boolean | undefined;
  /**
   * Receives `wsgi.errors` and the app's failures. The web server gets neither.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/** The resolved options. Times are in milliseconds. */
export interface FastcgiServerSettings extends ResponderSettings {
  readonly mode: number;
  readonly allowRemote: boolean;
  readonly idleTimeout: number;
  readonly gracefulTimeout: number;
}

const MAX_CONNECTIONS = 65_536;
const GIB = 1024 ** 3;
const MOUNT = /^(\/[\x01-\xff]*[^/])?$/;

const OPTIONS: Readonly<Record<keyof ServeFastcgiOptions, true>> = {
  scriptName: true,
  mode: true,
  allowRemote: true,
  maxConnections: true,
  idleTimeout: true,
  gracefulTimeout: true,
  maxBodySize: true,
  stripForwarded: true,
  logger: true,
};

/** @throws OptionError that names the invalid option */
export function resolveSettings(options: ServeFastcgiOptions): FastcgiServerSettings {
  checkOptionNames("serveFastcgi", options, OPTIONS);
  const { scriptName = "", stripForwarded = false } = options;
  if (typeof scriptName !== "string" || !MOUNT.test(scriptName)) {
    throw new OptionError('scriptName must be "", or a path that begins with a slash and does not end with one');
  }
  if (typeof stripForwarded !== "boolean") throw new OptionError("stripForwarded must be true or false");
  return {
    scriptName,
    stripForwarded,
    maxBodySize: bytes("maxBodySize", options.maxBodySize ?? GIB),
    maxConnections: count("maxConnections", options.maxConnections ?? 512, MAX_CONNECTIONS),
    mode: options.mode ?? 0o600,
    allowRemote: options.allowRemote ?? false,
    idleTimeout: count("idleTimeout", options.idleTimeout ?? 120_000, MAX_TIME),
    gracefulTimeout: count("gracefulTimeout", options.gracefulTimeout ?? 10_000, MAX_TIME, 0),
    multiprocess: cluster.isWorker,
    logger: checkLogger(options.logger ?? console),
  };
}
