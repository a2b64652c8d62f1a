/** Parses the address of a remote server. Knows how addresses are written; opens no connection. */
import { isIPv6 } from "node:net";
import { OptionError } from "../errors.ts";

/** An address: `"host:port"`, `"[::1]:9000"`, `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ host, port }` or `{ path }`. */
export type RemoteAddress = string | { readonly host: string; readonly port: number } | { readonly path: string };

/** The options for `net.connect`. */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Address {
  /** The address as logs and `stats()` show it. */
  readonly name: string;
  readonly target: Target;
}

/** A host without a colon, or an IPv6 address in brackets; then the port. */
const HOST_PORT = /^(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;
/** In bytes. Linux has room for 107 bytes and a NUL (`sun_path`), other systems for 103. */
const PATH_LIMIT = 107;

/**
 * Parses an address.
 *
 *     parseAddress("localhost:9000")       → { name: "localhost:9000", target: { host: "localhost", port: 9000 } }
 *     parseAddress("[::1]:9000")           → { name: "[::1]:9000", target: { host: "::1", port: 9000 } }
 *     parseAddress("/run/php.sock")        → { name: "/run/php.sock", target: { path: "/run/php.sock" } }
 *     parseAddress("unix:/run/php.sock")   → { name: "/run/php.sock", target: { path: "/run/php.sock" } }
 *     parseAddress({ host: "::1", port: 9000 }) → { name: "[::1]:9000", target: { host: "::1", port: 9000 } }
 *     parseAddress("localhost")            → OptionError: the port is missing
 *
 * @param minPort 0 for an address to listen on, where port 0 means any free port
 * @throws OptionError that shows the address and the accepted forms
 */
export function parseAddress(address: RemoteAddress, minPort = 1): Address {
  if (typeof address === "string") return parseText(address, minPort);
  if (typeof address === "object" && address !== null) {
    if ("path" in address && !("host" in address)) return socketAt(address.path, address);
    if ("host" in address && !("path" in address)) return hostAt(address, address, minPort);
  }
  throw invalidAddress(address);
}

/** @throws OptionError, also for an empty list and for duplicate addresses */
export function parseAddresses(addresses: RemoteAddress | readonly RemoteAddress[]): readonly Address[] {
  const parsed = (Array.isArray(addresses) ? addresses : [addresses]).map((address) => parseAddress(address));
  if (parsed.length === 0) throw new OptionError("addresses must not be empty; name at least one server");
  const names = parsed.map(({ name }) => name);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined) throw new OptionError(`the address ${duplicate} is given twice; give each server once`);
  return parsed;
}

function parseText(text: string, minPort: number): Address {
  const path = text.startsWith("unix:") ? text.slice("unix:".length) : text;
  if (path.startsWith("/")) return socketAt(path, text);
  const [, v6, host = v6, port] = HOST_PORT.exec(text) ?? [];
  if (host === undefined || (v6 !== undefined && !isIPv6(v6))) throw invalidAddress(text);
  return hostAt({ host, port: Number(port) }, text, minPort);
}

function socketAt(path: unknown, given: RemoteAddress): Address {
  if (typeof path !== "string" || !path.startsWith("/") || path.includes("\0")) throw invalidAddress(given);
  if (Buffer.byteLength(path) > PATH_LIMIT) {
    throw new OptionError(
      `the address ${path} is too long for a unix socket; use a path of at most ${PATH_LIMIT} bytes`,
    );
  }
  return { name: path, target: { path } };
}

function hostAt({ host, port }: { host: unknown; port: unknown }, given: RemoteAddress, minPort: number): Address {
  const named = typeof host === "string" && (isIPv6(host) || /^[^\s:/[\]]+$/.test(host));
  if (!named || typeof port !== "number" || !Number.isInteger(port) || port < minPort || port > 65_535)
    throw invalidAddress(given);
  return { name: `${isIPv6(host) ? `[${host}]` : host}:${port}`, target: { host, port } };
}

function invalidAddress(address: unknown): OptionError {
  return new OptionError(
    `an address must be "host:port" (IPv6 in brackets), "/path/to.sock", "unix:/path/to.sock", { host, port } or { path }; got ${JSON.stringify(address)}`,
  );
}
