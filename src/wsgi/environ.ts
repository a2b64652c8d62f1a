/** Builds PEP 3333's environ from a request head. Knows CGI's names; knows no framework and no socket. */
import { BadRequestError } from "../errors.ts";
import { fileWrapper } from "./file-wrapper.ts";
import { isEmptyInput } from "./input.ts";
import { environKey, isForwarded } from "./names.ts";
import type { Environ, ErrorStream, InputStream } from "./types.ts";

/** A request without its body: the request line, the headers and the addresses. */
export interface RequestHead {
  readonly method: string;
  /** The mount path, percent-decoded; see `Environ.SCRIPT_NAME`. */
  readonly scriptName: string;
  /** See `Environ.PATH_INFO`. */
  readonly pathInfo: string;
  readonly queryString: string;
  /** The request target as received. */
  readonly target: string;
  /** `HTTP/1.1`, for example. */
  readonly protocol: string;
  readonly scheme: "http" | "https";
  /** Replaces the Host header: the host that a trusted proxy, or a target in absolute form, names. */
  readonly host: string | undefined;
  readonly serverName: string;
  readonly serverPort: string;
  readonly remoteAddr: string;
  /** `remoteAddr` as the socket reports it, if that is an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). */
  readonly mappedAddr: string | undefined;
  readonly remotePort: string | undefined;
  /** Name, value, name, value, …, as received and in order of arrival. */
  readonly rawHeaders: readonly string[];
}

/** What the environ holds besides the request head. */
export interface Surroundings {
  readonly input: InputStream;
  readonly errors: ErrorStream;
  /** The body's size in bytes, if middleware has read the body and the app gets a restored one. */
  readonly length: number | undefined;
  /** True if other processes serve the same application. */
  readonly multiprocess: boolean;
  /** True to leave out the headers in which proxies describe a client. Clients can send these headers, too. */
  readonly stripForwarded: boolean;
}

/** The key for `RequestHead.mappedAddr`. `toWsgi` reads it, so that the inner app sees the address in Node's form. */
export const MAPPED_ADDR = "wsgi_bridge.mapped_addr";

const WSGI_VERSION: readonly [1, 0] = Object.freeze([1, 0]) as readonly [1, 0];

/**
 * Builds a fresh environ (PEP 3333, "environ Variables").
 *
 * @throws BadRequestError if a header that may occur only once is repeated
 */
export function buildEnviron(head: RequestHead, around: Surroundings): Environ {
  // No prototype, so that no header can reach `Object.prototype`, and the environ inherits nothing.
  const environ = {
    __proto__: null,
    REQUEST_METHOD: head.method,
    SCRIPT_NAME: head.scriptName,
    PATH_INFO: head.pathInfo,
    QUERY_STRING: head.queryString,
    SERVER_NAME: head.serverName,
    SERVER_PORT: head.serverPort,
    SERVER_PROTOCOL: head.protocol,
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_SOFTWARE: "wsgi-bridge",
    REMOTE_ADDR: head.remoteAddr,
    REQUEST_URI: head.target,
    RAW_URI: head.target,
    "wsgi.version": WSGI_VERSION,
    "wsgi.url_scheme": head.scheme,
    "wsgi.input": around.input,
    "wsgi.errors": around.errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": around.multiprocess,
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
    "wsgi_bridge.has_body": !isEmptyInput(around.input),
    "wsgi.file_wrapper": fileWrapper,
  } as unknown as Environ;
  if (head.mappedAddr !== undefined) environ[MAPPED_ADDR] = head.mappedAddr;
  if (head.remotePort !== undefined) environ.REMOTE_PORT = head.remotePort;
  if (head.scheme === "https") environ.HTTPS = "on";
  addHeaders(environ, head.rawHeaders, around.stripForwarded);
  // Apps expect the pair, as under gunicorn. With Upgrade alone, python-engineio loses packets: it answers a WebSocket like a poll.
  if (environ.HTTP_UPGRADE !== undefined && isUpgrade(head.rawHeaders)) environ.HTTP_CONNECTION = "Upgrade";
  if (head.host !== undefined) environ.HTTP_HOST = head.host;
  if (around.length !== undefined) {
    environ.CONTENT_LENGTH = String(around.length);
    delete environ.HTTP_CONTENT_ENCODING; // the middleware has decoded the body
  }
  return environ;
}

/** Headers that may occur only once. Two servers may use different values of a repeated one, which allows request smuggling. */
const SINGLETONS: ReadonlySet<string> = new Set(["HTTP_HOST", "CONTENT_TYPE", "CONTENT_LENGTH"]);

function addHeaders(environ: Environ, rawHeaders: readonly string[], stripForwarded: boolean): void {
  let repeats: Map<`HTTP_${string}`, string[]> | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const key = environKey(rawHeaders[i] as string) as `HTTP_${string}` | undefined;
    if (key === undefined || (stripForwarded && isForwarded(key))) continue;
    const value = rawHeaders[i + 1] as string;
    const first = environ[key];
    if (first === undefined) {
      environ[key] = value;
    } else {
      if (SINGLETONS.has(key)) throw new BadRequestError(`the request has more than one ${key}`);
      repeats ??= new Map();
      const values = repeats.get(key);
      if (values === undefined) repeats.set(key, [first, value]);
      else values.push(value);
    }
  }
  // HTTP/2 may split Cookie; its parts are joined with `; ` (RFC 9113 §8.2.3). Other fields are joined with `,` (RFC 9110 §5.3).
  for (const [key, values] of repeats ?? []) environ[key] = values.join(key === "HTTP_COOKIE" ? "; " : ",");
}

/** Whether a Connection header names Upgrade (RFC 9110 §7.8). */
function isUpgrade(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((value, at) => {
    if (at % 2 === 0 || rawHeaders[at - 1]?.toLowerCase() !== "connection") return false;
    return value.split(",").some((option) => option.trim().toLowerCase() === "upgrade");
  });
}
