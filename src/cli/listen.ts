/** Makes the server listen, and explains why it cannot. Knows addresses; knows nothing of requests. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ListenError } from "./exit-codes.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens, and resolves with the URL. For port 0 the URL has the port that the system chose.
 *
 * @throws ListenError
 */
export async function listen(server: Server, { host, port }: Address): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new ListenError(listenFault(error as NodeJS.ErrnoException, { host, port }), { cause: error });
  }
  return urlOf(server.address() as AddressInfo);
}

/**
 *     urlOf({ address: "127.0.0.1", family: "IPv4", port: 80 })   → "http://127.0.0.1:80"
 *     urlOf({ address: "::1", family: "IPv6", port: 80 })         → "http://[::1]:80"
 */
export function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/** Returns what went wrong and what to do. */
export function listenFault(error: NodeJS.ErrnoException, { host, port }: Address): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is taken; stop the program that uses it, or choose another port with --port`;
    case "EACCES":
      return `this user may not listen on port ${port}; choose one above 1023 with --port`;
    case "EADDRNOTAVAIL":
      return `this machine has no address ${host}; choose one of its addresses with --host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${host} has no address; choose an address of this machine with --host`;
    default:
      return `cannot listen on port ${port} of ${host}: ${error.message}`;
  }
}
