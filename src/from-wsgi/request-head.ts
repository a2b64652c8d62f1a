/** What every host reads of a Node request in the same way. Knows sockets, IPv6, TLS and HTTP/2; knows no framework. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { RequestHead } from "../wsgi/environ.ts";

/** What frameworks have views on; `undefined` where they have none. */
export interface HostView {
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly queryString: string;
  readonly target: string;
  /** `http` or `https`. */
  readonly protocol: string | undefined;
  /** Takes the place of the Host header. */
  readonly host: string | undefined;
  readonly ip: string | undefined;
}

/** A request's head: the framework's view, and for the rest what the socket says. */
export function socketHead(req: IncomingMessage, view: HostView): RequestHead {
  const socket: Socket & { encrypted?: boolean } = req.socket;
  const scheme = (view.protocol ?? (socket.encrypted ? "https" : "http")) === "https" ? "https" : "http";
  const ip = view.ip ?? socket.remoteAddress ?? "";
  const remoteAddr = plainAddress(ip);
  const authority = req.headers[":authority"]; // HTTP/2's Host, which wins over a Host field (RFC 9113 §8.3.1)
  const host = view.host ?? (typeof authority === "string" ? authority : undefined);
  return {
    method: req.method ?? "GET",
    scriptName: view.scriptName,
    pathInfo: view.pathInfo,
    queryString: view.queryString,
    target: view.target,
    protocol: `HTTP/${req.httpVersion}`,
    scheme,
    host,
    ...serverEnds(socket, host ?? req.headers.host, scheme),
    remoteAddr,
    mappedAddr: remoteAddr === ip ? undefined : ip,
    remotePort: socket.remotePort === undefined ? undefined : String(socket.remotePort),
    rawHeaders: req.rawHeaders,
  };
}

/**
 * An address as people write it: an IPv4 address that arrived on an IPv6 socket is an IPv4 address.
 *
 *     plainAddress("::ffff:127.0.0.1") → "127.0.0.1"
 *     plainAddress("::1")              → "::1"
 */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** Name or bracketed address, then a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d+))?$/i;

/**
 * SERVER_NAME and SERVER_PORT: the end of the socket that the client connected to; on a unix socket, what Host says.
 * An IPv6 address is bracketed (RFC 3875 §4.1.14), so that a URL can be made of it.
 */
function serverEnds(
  { localAddress, localPort }: Socket,
  host: string | undefined,
  scheme: "http" | "https",
): { serverName: string; serverPort: string } {
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
