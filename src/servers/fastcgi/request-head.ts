/** Turns FastCGI parameters into a request head. Knows CGI's names and web servers' habits; knows no record and no stream. */
import { BadRequestError } from "../../errors.ts";
import type { RequestHead } from "../../wsgi/environ.ts";
import { percentDecode, splitTarget } from "../../wsgi/path.ts";
import { quote } from "../../wsgi/request-url.ts";
import { steers } from "../../wsgi/steering.ts";

export type Params = ReadonlyMap<string, string>;

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PROTOCOL = /^HTTP\/\d+(\.\d+)?$/;
const DIGITS = /^\d+$/;
/** No control character except HTAB, so that a value cannot start another line. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Copies of CONTENT_LENGTH and CONTENT_TYPE, and a header about the web server's own connection to the client. */
const IGNORED_HEADERS: ReadonlySet<string> = new Set([
  "HTTP_CONTENT_LENGTH",
  "HTTP_CONTENT_TYPE",
  "HTTP_TRANSFER_ENCODING", // the web server has decoded the body
]);

/**
 * Returns the request head. The path is SCRIPT_NAME plus PATH_INFO, however the web server divides them: this is the path that
 * the web server has decoded, merged and rewritten, and to which it has applied its access rules. If both are missing, the path
 * comes from REQUEST_URI. `scriptName` is the mount path.
 *
 *     SCRIPT_NAME "/a/b", no PATH_INFO           → SCRIPT_NAME "", PATH_INFO "/a/b"       (nginx, Apache)
 *     SCRIPT_NAME "/", PATH_INFO "/a"            → SCRIPT_NAME "", PATH_INFO "/a"         (lighttpd)
 *     SCRIPT_NAME "/shop/a", scriptName "/shop"  → SCRIPT_NAME "/shop", PATH_INFO "/a"
 *
 * @throws BadRequestError if the parameters are not a valid request, or its path is not under the mount path
 */
export function requestHead(params: Params, scriptName: string): RequestHead {
  const method = params.get("REQUEST_METHOD") ?? "";
  if (!METHOD.test(method)) throw new BadRequestError("REQUEST_METHOD is not a valid method (RFC 9110 §9.1)");
  const uri = params.get("REQUEST_URI") ?? "";
  const target = splitTarget(uri);
  const path = serverPath(params) || percentDecode(target.path);
  const queryString = params.get("QUERY_STRING") ?? target.query;
  const scheme = schemeOf(params);
  const host = params.get("HTTP_HOST");
  return {
    method,
    scriptName,
    pathInfo: pathInfoBelow(scriptName, path),
    queryString,
    target: uri || quote(path) + (queryString === "" ? "" : `?${queryString}`),
    protocol: PROTOCOL.test(params.get("SERVER_PROTOCOL") ?? "")
      ? (params.get("SERVER_PROTOCOL") as string)
      : "HTTP/1.1",
    scheme,
    host: undefined,
    serverName: params.get("SERVER_NAME") || host?.replace(/:\d*$/, "") || "localhost",
    serverPort: numberOf(params, "SERVER_PORT") ?? (scheme === "https" ? "443" : "80"),
    remoteAddr: (params.get("REMOTE_ADDR") ?? "").replace(/^unix:.*/, ""), // nginx's value for a client on a unix socket
    mappedAddr: undefined,
    remotePort: numberOf(params, "REMOTE_PORT"),
    rawHeaders: rawHeaders(params),
  };
}

/** Returns SCRIPT_NAME plus PATH_INFO with a leading slash; "" if both are missing or for the target "*" (OPTIONS). */
function serverPath(params: Params): string {
  const script = params.get("SCRIPT_NAME") ?? "";
  const info = params.get("PATH_INFO") ?? "";
  const path = script.endsWith("/") && info.startsWith("/") ? script + info.slice(1) : script + info;
  if (path.includes("\0")) throw new BadRequestError("the path contains a NUL");
  return path === "" || path.startsWith("/") || path === "*" ? path.replace(/^\*$/, "") : `/${path}`;
}

function pathInfoBelow(mount: string, path: string): string {
  if (path === mount || path.startsWith(`${mount}/`) || mount === "") return path.slice(mount.length);
  throw new BadRequestError(
    `the path is not under scriptName, ${mount}; configure the web server to send only requests for paths under it`,
  );
}

function schemeOf(params: Params): "http" | "https" {
  const https = params.get("HTTPS")?.toLowerCase() ?? "";
  if (https !== "") return https === "on" || https === "1" ? "https" : "http";
  return params.get("REQUEST_SCHEME") === "https" ? "https" : "http";
}

function numberOf(params: Params, key: string): string | undefined {
  const value = params.get(key);
  return value !== undefined && DIGITS.test(value) ? value : undefined;
}

function rawHeaders(params: Params): string[] {
  const raw: string[] = [];
  for (const [key, value] of params) {
    const isHeader = key.startsWith("HTTP_")
      ? !IGNORED_HEADERS.has(key)
      : key === "CONTENT_TYPE" || key === "CONTENT_LENGTH";
    if (!isHeader || (value === "" && !key.startsWith("HTTP_"))) continue; // an empty CONTENT_LENGTH means no body (CGI)
    if (!VALUE.test(value)) throw new BadRequestError(`${key} has a control character (RFC 9110 §5.5)`);
    raw.push((key.startsWith("HTTP_") ? key.slice(5) : key).replaceAll("_", "-"), value);
  }
  return raw;
}

/** Names of further parameters: REMOTE_USER, AUTH_TYPE, SSL_*, and others that the deployer configures. */
const EXTRA = /^[A-Z][A-Z0-9_]*$/;
/** Parameters that are in the head already, or that name files of the web server. */
const IN_HEAD = /^(HTTP_|HTTPS$|CONTENT_|SCRIPT_|PATH_|DOCUMENT_|REMOTE_PORT$|REMOTE_ADDR$)/;

/** Adds the further parameters to an environ. Replaces no key. */
export function addExtra(environ: Record<string, unknown>, params: Params): void {
  for (const [key, value] of params) {
    if (!EXTRA.test(key) || IN_HEAD.test(key) || steers(key)) continue;
    if (environ[key] === undefined) environ[key] = value;
  }
}
