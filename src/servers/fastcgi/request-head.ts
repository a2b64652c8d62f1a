/** From FastCGI parameters to a request head. Knows CGI's names and the web servers' habits; knows no record and no stream. */
import { BadRequestError } from "../../errors.ts";
import type { RequestHead } from "../../wsgi/environ.ts";
import { percentDecode, splitTarget } from "../../wsgi/path.ts";
import { quote } from "../../wsgi/request-url.ts";
import { steers } from "../../wsgi/steering.ts";

export type Params = ReadonlyMap<string, string>;

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PROTOCOL = /^HTTP\/\d+(\.\d+)?$/;
const DIGITS = /^\d+$/;
/** No control character but HTAB: no value may end its line and begin another. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What the web server says again under the names without `HTTP_`, and what describes its own connection to the client. */
const RESTATED: ReadonlySet<string> = new Set([
  "HTTP_CONTENT_LENGTH",
  "HTTP_CONTENT_TYPE",
  "HTTP_TRANSFER_ENCODING", // the body comes decoded
]);

/**
 * The path is what the web server has decoded, merged and rewritten (SCRIPT_NAME and PATH_INFO together, however it divides
 * them), since its own rules of access were asked about that one; where it gives none, REQUEST_URI's. The mount is `scriptName`.
 *
 *     SCRIPT_NAME "/a/b", no PATH_INFO           → SCRIPT_NAME "", PATH_INFO "/a/b"       (nginx, Apache)
 *     SCRIPT_NAME "/", PATH_INFO "/a"            → SCRIPT_NAME "", PATH_INFO "/a"         (lighttpd)
 *     SCRIPT_NAME "/shop/a", scriptName "/shop"  → SCRIPT_NAME "/shop", PATH_INFO "/a"
 *
 * @throws BadRequestError when the parameters are no request, or its path is not under the mount
 */
export function requestHead(params: Params, scriptName: string): RequestHead {
  const method = params.get("REQUEST_METHOD") ?? "";
  if (!METHOD.test(method)) throw new BadRequestError("REQUEST_METHOD is no method (RFC 9110 §9.1)");
  const uri = params.get("REQUEST_URI") ?? "";
  const asked = splitTarget(uri);
  const path = serverPath(params) || percentDecode(asked.path);
  const queryString = params.get("QUERY_STRING") ?? asked.query;
  const scheme = schemeOf(params);
  const host = params.get("HTTP_HOST");
  return {
    method,
    scriptName,
    pathInfo: below(scriptName, path),
    queryString,
    target: uri || quote(path) + (queryString === "" ? "" : `?${queryString}`),
    protocol: PROTOCOL.test(params.get("SERVER_PROTOCOL") ?? "")
      ? (params.get("SERVER_PROTOCOL") as string)
      : "HTTP/1.1",
    scheme,
    host: undefined,
    serverName: params.get("SERVER_NAME") || host?.replace(/:\d*$/, "") || "localhost",
    serverPort: numberOf(params, "SERVER_PORT") ?? (scheme === "https" ? "443" : "80"),
    remoteAddr: (params.get("REMOTE_ADDR") ?? "").replace(/^unix:.*/, ""), // nginx's word for a client on a unix socket
    mappedAddr: undefined,
    remotePort: numberOf(params, "REMOTE_PORT"),
    rawHeaders: rawHeaders(params),
  };
}

function serverPath(params: Params): string {
  const script = params.get("SCRIPT_NAME") ?? "";
  const info = params.get("PATH_INFO") ?? "";
  const path = script.endsWith("/") && info.startsWith("/") ? script + info.slice(1) : script + info;
  if (path.includes("\0")) throw new BadRequestError("the path contains a NUL");
  return path === "" || path.startsWith("/") || path === "*" ? path.replace(/^\*$/, "") : `/${path}`;
}

function below(mount: string, path: string): string {
  if (path === mount || path.startsWith(`${mount}/`) || mount === "") return path.slice(mount.length);
  throw new BadRequestError(`the path is not under scriptName, ${mount}; let the web server send only what is`);
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
    const named = key.startsWith("HTTP_") ? !RESTATED.has(key) : key === "CONTENT_TYPE" || key === "CONTENT_LENGTH";
    if (!named || (value === "" && !key.startsWith("HTTP_"))) continue; // CGI's empty CONTENT_LENGTH says: no body
    if (!VALUE.test(value)) throw new BadRequestError(`${key} has a control character (RFC 9110 §5.5)`);
    raw.push((key.startsWith("HTTP_") ? key.slice(5) : key).replaceAll("_", "-"), value);
  }
  return raw;
}

/** What a web server tells beside the request: REMOTE_USER, AUTH_TYPE, SSL_* and whatever the deployer has it say. */
const EXTRA = /^[A-Z][A-Z0-9_]*$/;
/** The head has these already, or they name files of the web server's. */
const IN_HEAD = /^(HTTP_|HTTPS$|CONTENT_|SCRIPT_|PATH_|DOCUMENT_|REMOTE_PORT$|REMOTE_ADDR$)/;

/** Adds to an environ what the head has no place for; nothing that is there is replaced. */
export function addExtra(environ: Record<string, unknown>, params: Params): void {
  for (const [key, value] of params) {
    if (!EXTRA.test(key) || IN_HEAD.test(key) || steers(key)) continue;
    if (environ[key] === undefined) environ[key] = value;
  }
}
