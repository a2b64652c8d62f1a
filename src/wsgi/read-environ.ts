/** The mirror of `buildEnviron`: reads a request head from an environ. Knows CGI's names; knows no framework and no socket. */
import { MAPPED_ADDR, type RequestHead } from "./environ.ts";
import type { Environ } from "./types.ts";

/**
 * Reads the request head back. It equals the head that `buildEnviron` was given, as far as CGI keeps it: header names are in
 * lower case, repeated fields are joined, and the target is REQUEST_URI.
 */
export function readEnviron(environ: Environ): RequestHead {
  return {
    method: environ.REQUEST_METHOD,
    // PEP 3333 allows empty keys to be missing, and does not know REQUEST_URI.
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

/** Ignored if middleware has replaced REMOTE_ADDR. */
function mappedAddr(environ: Environ): string | undefined {
  const mapped = environ[MAPPED_ADDR];
  return typeof mapped === "string" && mapped === `::ffff:${environ.REMOTE_ADDR}` ? mapped : undefined;
}

function readHeaders(environ: Environ): string[] {
  const rawHeaders: string[] = [];
  for (const key in environ) {
    const value = environ[key];
    const name = headerName(key);
    if (name === "content-length" && value === "") continue; // means that there is none (PEP 3333), and is not a valid header value
    if (name !== undefined && typeof value === "string") rawHeaders.push(name, value);
  }
  return rawHeaders;
}

/**
 *     headerName("HTTP_USER_AGENT")    → "user-agent"
 *     headerName("CONTENT_TYPE")       → "content-type"
 *     headerName("PATH_INFO")          → undefined
 */
export function headerName(key: string): string | undefined {
  if (key === "CONTENT_TYPE" || key === "CONTENT_LENGTH") return key.toLowerCase().replace("_", "-");
  return key.startsWith("HTTP_") ? key.slice(5).toLowerCase().replaceAll("_", "-") : undefined;
}
