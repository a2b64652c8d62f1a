/** A WSGI app behind a web server that speaks FastCGI. Knows listening, connections and their times; knows no record. */
import cluster from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { OptionError } from "../errors.ts";
import { Deadlines, type Timed } from "../node/deadlines.ts";
import { bytes, count, MAX_TIME } from "../node/option-values.ts";
import { checkLogger, type Logger } from "../wsgi/log.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { Responder, type ResponderOwner } from "./fastcgi/responder.ts";
import type { ResponderSettings } from "./fastcgi/served-request.ts";
import { listenAt, surviveAccept } from "./listen-at.ts";

/** Where to listen: `"host:port"`, `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ port, host? }` or `{ path }`. Port 0: any free one. */
export type ListenAddress = string | { readonly port: number; readonly host?: string } | { readonly path: string };

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

export interface FastcgiServer {
  /** Where it listens, with the port that was found for 0: `"127.0.0.1:9000"`, `"/run/shop/app.sock"`. */
  readonly address: string;
  /** Takes no new connections and ends each after its request. Resolves when all have ended; may be called again. */
  close(): Promise<void>;
}

/**
 * Serves a WSGI app to nginx (`fastcgi_pass`), Apache (`mod_proxy_fcgi`), lighttpd and their like.
 *
 *     const server = await serveFastcgi(toWsgi(expressApp), "/run/shop/app.sock");
 *
 * @throws OptionError as a rejection: for an option, an address that others can reach, a socket that another server has
 */
export async function serveFastcgi(
  app: WsgiApp,
  address: ListenAddress,
  options: ServeFastcgiOptions = {},
): Promise<FastcgiServer> {
  if (typeof app !== "function")
    throw new OptionError("serveFastcgi takes a WSGI app; wrap an Express app in toWsgi()");
  const idleTimeout = count("idleTimeout", options.idleTimeout ?? 120_000, MAX_TIME);
  const gracefulTimeout = count("gracefulTimeout", options.gracefulTimeout ?? 10_000, MAX_TIME, 0);
  const connections = new Connections(app, resolveSettings(options), idleTimeout);
  const server = createServer({ allowHalfOpen: true }, (socket) => connections.take(socket));
  server.maxConnections = connections.settings.maxConnections;
  await listenAt(server, address, { mode: options.mode ?? 0o600, allowRemote: options.allowRemote ?? false });
  surviveAccept(server, connections.settings.logger);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= connections.drain(server, gracefulTimeout);
    return closed;
  };
  return { address: nameOf(server), close };
}

class Connections implements ResponderOwner {
  readonly settings: ResponderSettings;
  readonly #app: WsgiApp;
  readonly #idleTimeout: number;
  readonly #deadlines: Deadlines;
  readonly #waiting: Map<Responder, Timed & { since: number }> = new Map();
  readonly #open: Set<Responder> = new Set();

  constructor(app: WsgiApp, settings: ResponderSettings, idleTimeout: number) {
    this.#app = app;
    this.settings = settings;
    this.#idleTimeout = idleTimeout;
    this.#deadlines = new Deadlines(idleTimeout);
  }

  take(socket: Socket): void {
    socket.setNoDelay(true);
    const responder: Responder = new Responder(socket, this.#app, this.settings, this);
    this.#open.add(responder);
    // Only bytes count as life here: a web server that stands still in the middle of a request is cut off. The time may have
    // run while the app was at work, and then begins anew.
    socket.setTimeout(this.#idleTimeout).on("timeout", () => {
      if (performance.now() - responder.stalledSince >= this.#idleTimeout) responder.destroy();
      else socket.setTimeout(this.#idleTimeout);
    });
  }

  waits(responder: Responder): void {
    const known = this.#waiting.get(responder);
    if (known !== undefined) {
      known.since = performance.now();
      return;
    }
    const timed = { since: performance.now(), expire: () => responder.destroy() };
    this.#waiting.set(responder, timed);
    this.#deadlines.add(timed);
  }

  serves(responder: Responder): void {
    const timed = this.#waiting.get(responder);
    this.#waiting.delete(responder);
    if (timed !== undefined) this.#deadlines.delete(timed);
  }

  closed(responder: Responder): void {
    this.serves(responder);
    this.#open.delete(responder);
  }

  async drain(server: Server, grace: number): Promise<void> {
    const ended = once(server, "close");
    server.close();
    for (const responder of this.#open) responder.close();
    const cut = setTimeout(() => {
      for (const responder of this.#open) responder.destroy();
    }, grace);
    await ended;
    clearTimeout(cut);
    this.#deadlines.clear();
  }
}

const MAX_CONNECTIONS = 65_536;
const GIB = 1024 ** 3;
const MOUNT = /^(\/[\x01-\xff]*[^/])?$/;

function resolveSettings(options: ServeFastcgiOptions): ResponderSettings {
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
    multiprocess: cluster.isWorker,
    logger: checkLogger(options.logger ?? console),
  };
}

function nameOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === "string") return address;
  return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
