/** Where the server listens, in words. Knows addresses and what can be wrong with them; knows nothing of requests. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ListenError } from "./exit-codes.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens, and resolves with the URL: the real port where 0 was asked for.
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

/** What went wrong, and what to do. */
export function listenFault(error: NodeJS.ErrnoException, { host, port }: Address): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is taken; end the program that has it, or name another with --port`;
    case "EACCES":
      return `this user may not listen on port ${port}; name one above 1023 with --port`;
    case "EADDRNOTAVAIL":
      return `this machine has no address ${host}; name one of its own with --host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${host} has no address; name one of this machine's own with --host`;
    default:
      return `cannot listen on port ${port} of ${host}: ${error.message}`;
  }
}
