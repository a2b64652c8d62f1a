/** Stands in for a web server in front of `serveFastcgi`: sends and reads records over a real socket. */
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { pair, RecordType, record, stream } from "../../src/fastcgi/records.ts";
import type { ServeFastcgiOptions } from "../../src/servers/fastcgi/options.ts";
import { type ListenAddress, serveFastcgi } from "../../src/servers/serve-fastcgi.ts";
import type { WsgiApp } from "../../src/wsgi/types.ts";
import { MemoryLogger } from "./logger.ts";
import { latin1 } from "./records.ts";

export type Vars = Readonly<Record<string, string>>;
export const GET: Vars = { REQUEST_METHOD: "GET", SCRIPT_NAME: "/a", REQUEST_URI: "/a", SERVER_PROTOCOL: "HTTP/1.1" };

export const begin = (id = 1, keep = 1, role = 1): string =>
  record(1, id, String.fromCharCode(0, role, keep, 0, 0, 0, 0, 0));
export function params(vars: Vars, id = 1): string {
  const text = Object.entries(vars).reduce((all, [name, value]) => all + pair(name, value), "");
  return stream(RecordType.PARAMS, id, text) + record(RecordType.PARAMS, id, "");
}
export const stdin = (text: string, id = 1): string => record(RecordType.STDIN, id, text);
export const request = (vars: Vars = {}, body = "", id = 1): string =>
  begin(id) + params({ ...GET, ...vars }, id) + stream(RecordType.STDIN, id, body) + stdin("", id);

/** The connection of the web server. */
export class Client {
  out = "";
  ends: [id: number, app: number, protocol: number][] = [];
  others: [type: number, content: Buffer][] = [];
  closed = false;
  readonly socket: Socket;
  readonly #events: EventEmitter = new EventEmitter();
  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new RecordReader((type, id, content) => {
      if (type === RecordType.STDOUT) this.out += content.toString("latin1");
      else if (type === RecordType.END_REQUEST) this.ends.push([id, content.readUInt32BE(0), content.readUInt8(4)]);
      else this.others.push([type, Buffer.from(content)]);
      this.#events.emit("change");
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk)).on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
      this.#events.emit("change");
    });
    onTestFinished(() => void socket.destroy());
  }
  send(text: string): void {
    this.socket.write(latin1(text));
  }
  async until(fact: () => boolean): Promise<void> {
    while (!fact()) await once(this.#events, "change");
  }
  /** Sends a request and resolves with the complete response. */
  async answer(text: string = request()): Promise<string> {
    const before = this.ends.length;
    this.out = "";
    this.send(text);
    await this.until(() => this.ends.length > before || this.closed);
    return this.out;
  }
}

export async function serve(
  app: WsgiApp,
  options: ServeFastcgiOptions = {},
  address: ListenAddress = { port: 0 },
): Promise<{ open(): Promise<Client>; logger: MemoryLogger; close(): Promise<void>; address: string }> {
  const logger = new MemoryLogger();
  const server = await serveFastcgi(app, address, { logger, gracefulTimeout: 0, ...options });
  onTestFinished(() => server.close());
  const open = async (): Promise<Client> => {
    return openClient(server.address);
  };
  return { open, logger, close: () => server.close(), address: server.address };
}

export const hello: WsgiApp = (_environ, start) => {
  start("200 OK", [["X-A", "é"]]);
  return [Buffer.from("hello")];
};

/** Connects to the address of a `FastcgiServer`. */
export async function openClient(address: string): Promise<Client> {
  const { hostname, port } = address.startsWith("/") ? {} : new URL(`tcp://${address}`);
  const host = hostname?.replaceAll(/[[\]]/g, "");
  const socket = host === undefined ? connect(address) : connect(Number(port), host);
  await once(socket, "connect");
  return new Client(socket);
}
