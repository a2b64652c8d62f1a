/** A real HTTP server on a free port, and raw clients for it. */
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface TestServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on loopback, on a port that the operating system chooses. */
export async function listen(handler: RequestListener | Server): Promise<TestServer> {
  const server = typeof handler === "function" ? createServer(handler) : handler;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Everything received until the connection closed, and whether it was reset. */
export interface RawAnswer {
  readonly text: string;
  readonly head: string;
  readonly body: string;
  readonly reset: boolean;
}

/** Sends bytes and reads until the connection closes. Text is Latin-1: one character per byte. */
export function raw(port: number, request: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    let reset = false;
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", () => {
      reset = true;
    });
    socket.on("close", () => {
      const end = text.indexOf("\r\n\r\n");
      resolve({
        text,
        reset,
        head: end === -1 ? text : text.slice(0, end),
        body: end === -1 ? "" : text.slice(end + 4),
      });
    });
    socket.write(request, "latin1");
  });
}

/** Sends a GET with `Connection: close`. */
export function rawGet(port: number, target: string, headers = ""): Promise<RawAnswer> {
  return raw(port, `GET ${target} HTTP/1.1\r\nHost: test\r\n${headers}Connection: close\r\n\r\n`);
}

/** Opens a connection, sends bytes and leaves the rest to the test. */
export async function rawConnection(port: number, request: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined); // tests reset connections on purpose
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(request, "latin1");
  return socket;
}

/** Resolves when the socket has received this text. */
export function brought(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      received += part;
      if (received.includes(text)) resolve(received);
    });
    socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(received)}`)));
  });
}
