/** A socket's two ends as CGI names them. Knows IPv6, unix sockets and default ports; knows no request. */
import type { Socket } from "node:net";

/**
 * An address as people write it: an IPv4 address that arrived on an IPv6 socket is an IPv4 address.
 *
 *     plainAddress("::ffff:127.0.0.1") → "127.0.0.1"
 *     plainAddress("::1")              → "::1"
 */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/**
 * SERVER_NAME and SERVER_PORT: the end of the socket that the client connected to; on a unix socket, what Host says.
 * An IPv6 address is bracketed (RFC 3875 §4.1.14), so that a URL can be made of it.
 */
export function serverEnds(
  socket: Socket,
  host: string | undefined,
  scheme: "http" | "https",
): { serverName: string; serverPort: string } {
  const { localAddress, localPort } = socket;
  if (localAddress !== undefined && localPort !== undefined) {
    const address = plainAddress(localAddress);
    return { serverName: address.includes(":") ? `[${address}]` : address, serverPort: String(localPort) };
  }
  const match = HOST.exec(host ?? "");
  return {
    serverName: match?.[1] || "localhost",
    serverPort: match?.[2] || (scheme === "https" ? "443" : "80"),
  };
}

/** Name or bracketed address, then a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d+))?$/i;
