/** Stops an HTTP server without cutting an answer short. Knows connections and the answers on them; knows nothing of WSGI. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Server, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { closeAfter } from "../node/response.ts";

/** Watches a server from its first connection on, so make it before the server listens. */
export class Drain {
  readonly #server: HttpServer;
  /** All that was accepted. */
  readonly #accepted: Set<Socket> = new Set();
  /**
   * The answers that are not sent yet, by connection: over TLS that is another socket on the one that was accepted. Arrays,
   * for a Set's old tables, each of which leads to the next, would keep answers from dying young.
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
    server.prependListener("request", (req, res) => this.#began(req, res));
  }

  /**
   * Takes no new connections and ends each one after the answer that it waits for. Resolves when all are gone; those that
   * take longer than `grace` milliseconds are cut.
   */
  stop(grace: number): Promise<void> {
    this.#stopping = true;
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of this.#accepted) socket.destroy();
      }, grace);
      // Not http's own close(): it destroys connections on which an ended answer is still being sent.
      Server.prototype.close.call(this.#server, () => {
        clearTimeout(cut);
        resolve();
      });
      for (const [socket, answers] of this.#open) {
        if (answers.length === 0) socket.destroySoon();
        for (const res of answers) closeAfter(res);
      }
    });
  }

  #began(req: IncomingMessage, res: ServerResponse): void {
    const answers = this.#open.get(req.socket);
    answers?.push(res);
    if (this.#stopping) closeAfter(res);
    res.on("close", () => {
      answers?.splice(answers.indexOf(res), 1);
      // An answer whose head was sent before the stop has promised to keep the connection alive.
      if (this.#stopping && answers?.length === 0) req.socket.destroySoon();
    });
  }
}
