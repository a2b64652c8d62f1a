/** The reverse of `buildEnviron`: makes a request head from an environ. Knows CGI's names; knows no framework and no socket. */
import { MAPPED_ADDR, type RequestHead } from "./environ.ts";
import type { Environ } from "./types.ts";

/**
 * Returns the request head of an environ. It equals the head from which `buildEnviron` made the environ, except for what an
 * environ does not keep: header names are in lower case, repeated fields are joined, and `host` has become the Host header.
 */
export function readEnviron(environ: Environ): RequestHead {
  return {
    method: environ.REQUEST_METHOD,
    // PEP 3333 allows keys with an empty value to be missing, and does not define REQUEST_URI.
    scriptName: environ.SCRIPT_NAME ?? "",
    pathInfo: environ.PATH_INFO ?? "",
    queryString: environ.QUERY_STRING ?? "",
    target: typeof environ.REQUEST_URI === "string" ? environ.REQUEST_URI : "",
    protocol: environ.SERVER_PROTOCOL,
    scheme: environ["wsgi.url_scheme"],
    host: undefined,
    serverName: environ.SERVER_NAME,
    serverPort: environ.SERVER_PORT,
    remoteAddr: environ.REMOTE_ADDR ?? "",
    mappedAddr: mappedAddr(environ),
    remotePort: environ.REMOTE_PORT,
    rawHeaders: readHeaders(environ),
  };
}

/** Returns the IPv4-mapped form of REMOTE_ADDR; undefined if middleware has replaced REMOTE_ADDR. */
function mappedAddr(environ: Environ): string | undefined {
  const mapped = environ[MAPPED_ADDR];
  return typeof mapped === "string" && mapped === `::ffff:${environ.REMOTE_ADDR}` ? mapped : undefined;
}

function readHeaders(environ: Environ): string[] {
  const rawHeaders: string[] = [];
  for (const key in environ) {
    const value = environ[key];
    const name = headerName(key);
    if (name === "content-length" && value === "") continue; // the same as no length in PEP 3333, but no valid header value
    if (name !== undefined && typeof value === "string") rawHeaders.push(name, value);
  }
  return rawHeaders;
}

/**
 * Returns the header that an environ key stands for; undefined for other keys.
 *
 *     headerName("HTTP_USER_AGENT")    → "user-agent"
 *     headerName("CONTENT_TYPE")       → "content-type"
 *     headerName("PATH_INFO")          → undefined
 */
export function headerName(key: string): string | undefined {
  if (key === "CONTENT_TYPE" || key === "CONTENT_LENGTH") return key.toLowerCase().replace("_", "-");
  return key.startsWith("HTTP_") ? key.slice(5).toLowerCase().replaceAll("_", "-") : undefined;
}
