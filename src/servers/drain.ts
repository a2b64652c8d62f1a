/** Stops an HTTP server without cutting off responses. Knows connections and their responses; knows nothing of WSGI. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Server, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { closeConnectionAfter } from "../node/response.ts";

/** Watches the connections of a server. Create it before the server listens. */
export class Drain {
  readonly #server: HttpServer;
  /** All open connections, as they were accepted. */
  readonly #accepted: Set<Socket> = new Set();
  /**
   * The responses that are not sent yet, by connection. Over TLS the key is the TLS socket, not the accepted one. Arrays, not
   * Sets: V8 chains the old tables of a Set, which would keep closed responses in memory for longer.
   */
  readonly #open: Map<Socket, ServerResponse[]> = new Map();
  #stopping = false;

  constructor(server: HttpServer) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#accepted.add(socket);
      socket.on("close", () => this.#accepted.delete(socket));
    });
    server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
      this.#open.set(socket, []);
      socket.on("close", () => this.#open.delete(socket));
    });
    server.prependListener("request", (req, res) => this.#onRequest(req, res));
  }

  /**
   * Accepts no new connections, and closes each connection after its pending response. Resolves when all are closed. After
   * `grace` milliseconds it destroys the remaining ones.
   */
  stop(grace: number): Promise<void> {
    this.#stopping = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#accepted) socket.destroy();
      }, grace);
      // Not http's own close(): it destroys connections on which the end of a response is still being sent.
      Server.prototype.close.call(this.#server, () => {
        clearTimeout(timer);
        resolve();
      });
      for (const [socket, responses] of this.#open) {
        if (responses.length === 0) socket.destroySoon();
        for (const res of responses) closeConnectionAfter(res);
      }
    });
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    const responses = this.#open.get(req.socket);
    responses?.push(res);
    if (this.#stopping) closeConnectionAfter(res);
    res.on("close", () => {
      responses?.splice(responses.indexOf(res), 1);
      // If the head was sent before stop(), it promised keep-alive, so Node does not close the connection.
      if (this.#stopping && responses?.length === 0) req.socket.destroySoon();
    });
  }
}
