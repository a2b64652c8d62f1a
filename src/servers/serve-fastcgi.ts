/** Serves a WSGI app to a web server that speaks FastCGI. Knows listening, connections and timeouts; knows no record. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { OptionError } from "../errors.ts";
import { Deadlines, type Timed } from "../node/deadlines.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import { type FastcgiServerSettings, resolveSettings, type ServeFastcgiOptions } from "./fastcgi/options.ts";
import { Responder, type ResponderOwner } from "./fastcgi/responder.ts";
import { listenAt, surviveAccept } from "./listen-at.ts";

/** Where to listen: `"host:port"`, `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ port, host? }`, `{ path }`. Port 0: any free one. */
export type ListenAddress = string | { readonly port: number; readonly host?: string } | { readonly path: string };

export interface FastcgiServer {
  /** The address it listens on, with the actual port if the port was 0: `"127.0.0.1:9000"`, `"/run/shop/app.sock"`. */
  readonly address: string;
  /** Stops listening, and closes connections after their request. Resolves when all are closed. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Serves a WSGI app to nginx (`fastcgi_pass`), Apache (`mod_proxy_fcgi`), lighttpd and similar web servers.
 *
 *     const server = await serveFastcgi(toWsgi(expressApp), "/run/shop/app.sock");
 *
 * @throws OptionError as a rejection: for an invalid option, for an address that other machines can reach, and for a socket
 * that another server uses
 */
export async function serveFastcgi(
  app: WsgiApp,
  address: ListenAddress,
  options: ServeFastcgiOptions = {},
): Promise<FastcgiServer> {
  if (typeof app !== "function")
    throw new OptionError("serveFastcgi takes a WSGI app; wrap an Express app in toWsgi()");
  const settings = resolveSettings(options);
  const connections = new Connections(app, settings);
  const server = createServer({ allowHalfOpen: true }, (socket) => connections.add(socket));
  server.maxConnections = settings.maxConnections;
  await listenAt(server, address, settings);
  surviveAccept(server, settings.logger);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= connections.drain(server);
    return closed;
  };
  return { address: nameOf(server), close };
}

class Connections implements ResponderOwner {
  readonly #settings: FastcgiServerSettings;
  readonly #app: WsgiApp;
  readonly #deadlines: Deadlines;
  readonly #waitTimers: Map<Responder, Timed & { since: number }> = new Map();
  readonly #open: Set<Responder> = new Set();

  constructor(app: WsgiApp, settings: FastcgiServerSettings) {
    this.#app = app;
    this.#settings = settings;
    this.#deadlines = new Deadlines(settings.idleTimeout);
  }

  add(socket: Socket): void {
    socket.setNoDelay(true);
    const responder: Responder = new Responder(socket, this.#app, this.#settings, this);
    this.#open.add(responder);
    // Closes the connection if the web server stalls within a request. The socket's timeout also fires while the app works; then
    // it starts again.
    const { idleTimeout } = this.#settings;
    socket.setTimeout(idleTimeout).on("timeout", () => {
      if (performance.now() - responder.stalledSince >= idleTimeout) responder.destroy();
      else socket.setTimeout(idleTimeout);
    });
  }

  waiting(responder: Responder): void {
    const known = this.#waitTimers.get(responder);
    if (known !== undefined) {
      known.since = performance.now();
      return;
    }
    const timed = { since: performance.now(), expire: () => responder.destroy() };
    this.#waitTimers.set(responder, timed);
    this.#deadlines.add(timed);
  }

  serving(responder: Responder): void {
    const timed = this.#waitTimers.get(responder);
    this.#waitTimers.delete(responder);
    if (timed !== undefined) this.#deadlines.delete(timed);
  }

  closed(responder: Responder): void {
    this.serving(responder);
    this.#open.delete(responder);
  }

  async drain(server: Server): Promise<void> {
    const ended = once(server, "close");
    server.close();
    for (const responder of this.#open) responder.close();
    const timer = setTimeout(() => {
      for (const responder of this.#open) responder.destroy();
    }, this.#settings.gracefulTimeout);
    await ended;
    clearTimeout(timer);
    this.#deadlines.clear();
  }
}

function nameOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === "string") return address;
  return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
