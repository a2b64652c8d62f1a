/** A FastCGI server with real sockets that responds only when the test tells it to. */
import { EventEmitter, once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { RecordType, readPairs } from "../../src/fastcgi/records.ts";
import { endRequest, latin1, renumbered, stdout } from "./records.ts";

/** A request that the server has received, complete or not. */
export class ServedRequest {
  params: ReadonlyMap<string, string> = new Map();
  body = "";
  /** Whether ABORT_REQUEST has arrived. */
  aborted = false;
  /** Whether the body is complete. */
  whole = false;
  readonly socket: Socket;
  /** The number of the connection, counted from 1. */
  readonly connection: number;
  readonly news: EventEmitter = new EventEmitter();
  readonly #id: number;

  constructor(socket: Socket, connection: number, id: number) {
    this.socket = socket;
    this.connection = connection;
    this.#id = id;
  }

  /** Sends records that were made for the first request of a connection, with the id of this request. */
  send(...records: string[]): void {
    this.socket.write(latin1(renumbered(records.join(""), this.#id)));
  }

  /** Sends a complete response. */
  reply(body = "", head = "Status: 200 OK\r\n"): void {
    this.send(stdout(`${head}\r\n${body}`), endRequest());
  }

  /** Sends a complete response and closes the connection. */
  replyAndClose(body = ""): void {
    this.send(stdout(`Status: 200 OK\r\n\r\n${body}`), endRequest());
    this.socket.end();
  }

  /** Destroys the connection. */
  drop(): void {
    this.socket.destroy();
  }

  async until(fact: "aborted" | "whole"): Promise<void> {
    while (!this[fact]) await once(this.news, "record");
  }
}

export type Serve = (request: ServedRequest) => void;

export class FastcgiServer {
  /** All requests, in the order of their BEGIN_REQUEST. */
  readonly requests: ServedRequest[] = [];
  /** The number of accepted connections. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #events: EventEmitter = new EventEmitter();

  private constructor(serve: Serve) {
    this.#server = createServer((socket) => this.#accept(socket, serve));
    onTestFinished(() => this.close());
  }

  /**
   * @param serve called when the body of a request is complete
   * @param at the address to listen on: a path, or a port on loopback
   */
  static async start(serve: Serve = () => undefined, at: string | number = 0): Promise<FastcgiServer> {
    const one = new FastcgiServer(serve);
    const listening = typeof at === "string" ? one.#server.listen(at) : one.#server.listen(at, "127.0.0.1");
    await once(listening, "listening");
    return one;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves with the request of this index, counted from 0, when its body is complete. */
  async request(index: number): Promise<ServedRequest> {
    for (;;) {
      const request = this.requests[index];
      if (request?.whole) return request;
      await once(this.#events, "request");
    }
  }

  /** Resolves when no connection is open. */
  async quiet(): Promise<void> {
    while (this.#sockets.size > 0) await once(this.#events, "closed");
  }

  /** Stops listening and destroys all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket, serve: Serve): void {
    this.connections += 1;
    const connection = this.connections;
    this.#sockets.add(socket);
    socket.on("error", () => undefined); // tests break connections on purpose
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#events.emit("closed");
    });
    let request = new ServedRequest(socket, connection, 0);
    const reader = new RecordReader((type, id, content) => {
      if (type === RecordType.BEGIN_REQUEST) {
        request = new ServedRequest(socket, connection, id);
        this.requests.push(request);
      } else if (type === RecordType.PARAMS && content.length > 0) {
        request.params = new Map([...request.params, ...readPairs(content)]);
      } else if (type === RecordType.STDIN && content.length > 0) {
        request.body += content.toString("latin1");
      } else if (type === RecordType.STDIN && !request.whole) {
        request.whole = true;
        this.#events.emit("request");
        serve(request);
      } else if (type === RecordType.ABORT_REQUEST) {
        request.aborted = true;
      }
      request.news.emit("record");
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
  }
}
