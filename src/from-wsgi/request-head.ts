/** Builds the `RequestHead` of a Node request, for all hosts. Knows sockets, IPv6, TLS and HTTP/2; knows no framework. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { RequestHead } from "../wsgi/environ.ts";

/** The values that the framework has determined; `undefined` if it has not determined a value. */
export interface HostView {
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly queryString: string;
  readonly target: string;
  /** `http` or `https`. */
  readonly protocol: string | undefined;
  /** Replaces the Host header. */
  readonly host: string | undefined;
  readonly ip: string | undefined;
}

/** Returns the head of a request: the framework's values first, then those of the request and its socket. */
export function socketHead(req: IncomingMessage, view: HostView): RequestHead {
  const socket: Socket & { encrypted?: boolean } = req.socket;
  const scheme = (view.protocol ?? (socket.encrypted ? "https" : "http")) === "https" ? "https" : "http";
  const ip = view.ip ?? socket.remoteAddress ?? "";
  const remoteAddr = plainAddress(ip);
  const authority = req.headers[":authority"]; // HTTP/2's form of Host, which overrides a Host field (RFC 9113 §8.3.1)
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
    ...serverAddress(socket, host ?? req.headers.host, scheme),
    remoteAddr,
    mappedAddr: remoteAddr === ip ? undefined : ip,
    remotePort: socket.remotePort === undefined ? undefined : String(socket.remotePort),
    rawHeaders: req.rawHeaders,
  };
}

/**
 * Returns an address in its usual form: an IPv4-mapped IPv6 address becomes an IPv4 address.
 *
 *     plainAddress("::ffff:127.0.0.1") → "127.0.0.1"
 *     plainAddress("::1")              → "::1"
 */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** A name or an address in brackets, then an optional port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d+))?$/i;

/**
 * Returns SERVER_NAME and SERVER_PORT: the local address and port of the socket; on a unix socket, the values of Host.
 * An IPv6 address is in brackets (RFC 3875 §4.1.14), so that it can be put into a URL.
 */
function serverAddress(
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
