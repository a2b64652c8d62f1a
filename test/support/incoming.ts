/** Sends one request to a real server that leaves the response to the test. The test controls both ends. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { listen, rawConnection } from "./server.ts";

export interface Incoming {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The socket of the client. */
  readonly client: Socket;
  /** Resolves after a request and its response on another connection, so that pending events have been handled. */
  roundTrip(): Promise<void>;
}

/** Sends a request, complete or not. Resolves when the server has its head. */
export async function incoming(request: string): Promise<Incoming> {
  const heads: { resolve: (pair: [IncomingMessage, ServerResponse]) => void } = { resolve: () => undefined };
  const head = new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
    heads.resolve = resolve;
  });
  const server = await listen(
    createServer((req, res) => {
      if (req.url === "/round-trip") res.end();
      else heads.resolve([req, res]);
    }),
  );
  onTestFinished(() => server.close());
  const client = await rawConnection(server.port, request);
  onTestFinished(() => void client.destroy());
  const [req, res] = await head;
  const roundTrip = async (): Promise<void> => void (await (await fetch(`${server.url}/round-trip`)).text());
  return { req, res, client, roundTrip };
}

/** Returns a POST with these header lines, each with its line break. */
export function post(fields: string, body = ""): string {
  return `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`;
}
