/** The options of `serveFastcgi`, and their defaults. Knows no connection. */
import cluster from "node:cluster";
import { OptionError } from "../../errors.ts";
import { bytes, count, MAX_TIME } from "../../node/option-values.ts";
import { checkOptionNames } from "../../wsgi/known-options.ts";
import { checkLogger, type Logger } from "../../wsgi/log.ts";
import type { ResponderSettings } from "./served-request.ts";

export interface ServeFastcgiOptions {
  /**
   * Where the app is mounted, percent-decoded, such as `"/shop"`. The web server must send nothing but what is under it.
   *
   * @default ""
   */
  scriptName?: string | undefined;
  /**
   * Who may connect to the unix socket, as in `chmod`. Raise it to 0o660 where the web server is of the same group only.
   *
   * @default 0o600
   */
  mode?: number | undefined;
  /**
   * Listen on an address that other machines can reach. FastCGI has neither passwords nor encryption: whoever can connect is
   * believed whatever it says of a client, so let nobody but the web server reach the port.
   *
   * @default false
   */
  allowRemote?: boolean | undefined;
  /**
   * The most connections at a time; further ones are closed at once.
   *
   * @default 512
   */
  maxConnections?: number | undefined;
  /**
   * How long the web server may take for its next step, in milliseconds: for a request, for all of its parameters, for more of a
   * body that the app waits for, for taking more of an answer; it may be up to twice as long before the connection is cut. Make
   * it longer than the web server keeps idle connections.
   *
   * @default 120000
   */
  idleTimeout?: number | undefined;
  /**
   * How long requests that are under way may take to end after `close()`, in milliseconds.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * The longest body that a request may have, in bytes. A longer one gets a 413.
   *
   * @default 1073741824
   */
  maxBodySize?: number | undefined;
  /**
   * Leave out the headers by which proxies speak of a client, as `fromWsgi`'s option of that name does.
   *
   * @default false
   */
  stripForwarded?: boolean | undefined;
  /**
   * Where `wsgi.errors` and the app's failures go: nothing of them goes to the web server.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/** The options, resolved. Times are in milliseconds. */
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

/** @throws OptionError that names the option */
export function resolveSettings(options: ServeFastcgiOptions): FastcgiServerSettings {
  checkOptionNames("serveFastcgi", options, OPTIONS);
  const { scriptName = "", stripForwarded = false } = options;
  if (typeof scriptName !== "string" || !MOUNT.test(scriptName)) {
    throw new OptionError('scriptName must be "", or begin with / and not end with it');
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
