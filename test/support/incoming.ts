/** One request on a real server that does nothing with it: the test has both ends. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { listen, rawConnection } from "./server.ts";

export interface Incoming {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The client's end. */
  readonly client: Socket;
  /** Resolves after a whole request and its answer on another connection: what was under way has had its time. */
  roundTrip(): Promise<void>;
}

/** Sends the beginning of a request, or all of it; resolves when its head has come. */
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

/** The head of a POST with these fields, each with its line end. */
export function post(fields: string, body = ""): string {
  return `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`;
}
