/** The keys of the environ that describe the request (PEP 3333, "environ Variables"; ENV). */
import { show } from "../apps.ts";
import type { Case, RequestParts } from "../types.ts";

/** A case whose app shows these keys. `undefined` means that the key must be missing. */
function shows(name: string, request: RequestParts, keys: Record<string, string | undefined>, more = {}): Case {
  const lines = Object.entries(keys).map(([key, value]) => (value === undefined ? `${key}!` : `${key}=${value}`));
  return { name, request, ...show(...Object.keys(keys)), expect: { body: lines.join("\n") }, ...more };
}

const path = (name: string, target: string, pathInfo: string, query = ""): Case =>
  shows(name, { target }, { SCRIPT_NAME: "", PATH_INFO: pathInfo, QUERY_STRING: query });

/** Fields of an HTTP/1 connection. Clients must not send them over HTTP/2. */
const HOP_BY_HOP: [string, string][] = [
  ["TE", "trailers"],
  ["Trailer", "X-Sum"],
  ["Keep-Alive", "timeout=5"],
  ["Proxy-Connection", "keep-alive"],
];

const ABSOLUTE = { PATH_INFO: "/a", QUERY_STRING: "b", REQUEST_URI: "http://other.test/a?b" };
/** On Express and Koa, middleware before the app has read Host, so the app must see the same value. */
const OF_FRAMEWORKS: string = Object.entries({ HTTP_HOST: "example.test", ...ABSOLUTE })
  .map(([key, value]) => `${key}=${value}`)
  .join("\n");

export const ENVIRON: readonly Case[] = [
  shows("ENV-05: passes a common method", { method: "DELETE" }, { REQUEST_METHOD: "DELETE" }),
  shows("ENV-05: passes an uncommon method", { method: "PROPFIND" }, { REQUEST_METHOD: "PROPFIND" }),
  shows(
    "FRM-20: passes HEAD as HEAD and keeps the headers of its response",
    { method: "HEAD" },
    { REQUEST_METHOD: "HEAD" },
    {
      expect: { headers: [["Content-Type", "text/plain"]], autoLength: "REQUEST_METHOD=HEAD".length, body: "" },
    },
  ),
  path("ENV-06, ENV-07: sets an empty SCRIPT_NAME without a mount, and never an empty PATH_INFO", "/", "/"),
  path("ENV-08, NODE-08: decodes the path once and keeps +", "/a%20b+c%2Fd", "/a b+c/d"),
  path("ENV-08: does not decode an escaped percent sign twice", "/%2541%252F", "/%41%2F"),
  path("ENV-08: keeps a percent sign that does not begin an escape", "/%zz%4/%", "/%zz%4/%"),
  path("ENV-20: passes UTF-8 as bytes, one character per byte", "/%D0%B6", "/\xd0\xb6"),
  path("ENV-20, FRM-12: passes bytes that are not UTF-8 (cp1252_url)", "/%80%FF", "/\x80\xff"),
  path("ENV-08, FRM-19: keeps repeated slashes", "//foo///bar/", "//foo///bar/"),
  path("ENV-08, SEC-11: keeps dot segments", "/a/../b/./c", "/a/../b/./c"),
  path("ENV-08: keeps the parameters of path segments", "/a;b=c/d,e", "/a;b=c/d,e"),
  path("ENV-10: does not decode the query", "/?a=%20b&c=d+e%zz&s%E4y", "/", "a=%20b&c=d+e%zz&s%E4y"),
  path("ENV-10: treats a second question mark as part of the query", "/a?b?c", "/a", "b?c"),
  path("ENV-10: treats an empty query like no query", "/a?", "/a"),
  path("ENV-10: treats an escaped question mark as part of the path", "/a%3Fb", "/a?b"),
  shows(
    "ENV-11, ENV-12: sets CONTENT_TYPE and CONTENT_LENGTH, and not HTTP_CONTENT_TYPE or HTTP_CONTENT_LENGTH",
    { method: "POST", headers: [["Content-Type", "text/x; charset=utf-8"]], body: "abc" },
    {
      CONTENT_TYPE: "text/x; charset=utf-8",
      CONTENT_LENGTH: "3",
      HTTP_CONTENT_TYPE: undefined,
      HTTP_CONTENT_LENGTH: undefined,
    },
  ),
  shows(
    "ENV-12, ENV-13: invents no type and no length for a request without a body",
    {},
    {
      CONTENT_TYPE: undefined,
      CONTENT_LENGTH: undefined,
    },
  ),
  shows(
    "ENV-12: passes a Content-Length of 0",
    { method: "POST", headers: [["Content-Length", "0"]] },
    {
      CONTENT_LENGTH: "0",
    },
  ),
  shows(
    "ENV-14: sets SERVER_NAME and SERVER_PORT to the address that the client connected to",
    {},
    {
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: "{port}",
      HTTP_HOST: "example.test:8123",
    },
  ),
  shows(
    "ENV-15: sets SERVER_PROTOCOL to the protocol of the request",
    {},
    { SERVER_PROTOCOL: "HTTP/1.1" },
    {
      overrides: { http2: { body: "SERVER_PROTOCOL=HTTP/2.0" } },
    },
  ),
  shows(
    "ENV-15, NODE-29: accepts an HTTP/1.0 request without Host",
    { raw: "GET / HTTP/1.0\r\n\r\n" },
    { SERVER_PROTOCOL: "HTTP/1.0", HTTP_HOST: undefined, SERVER_NAME: "127.0.0.1", SERVER_PORT: "{port}" },
    { only: "http1" },
  ),
  shows(
    "ENV-16: turns a header into a key in capitals, and an empty value into an empty string",
    {
      headers: [
        ["X-Mixed-case", "1"],
        ["X-Empty", ""],
      ],
    },
    { HTTP_X_MIXED_CASE: "1", HTTP_X_EMPTY: "", HTTP_X_OTHER: undefined },
  ),
  shows(
    "ENV-16: strips spaces around a value and keeps those within it",
    { headers: [["X-Pad", "  a  b \t"]] },
    {
      HTTP_X_PAD: "a  b",
    },
    { only: "http1" },
  ),
  shows("ENV-16: passes a long value", { headers: [["X-Long", "x".repeat(4000)]] }, { HTTP_X_LONG: "x".repeat(4000) }),
  shows(
    "ENV-17: joins repeated headers in order",
    {
      headers: [
        ["X-A", "A"],
        ["X-B", "-"],
        ["x-a", "B"],
      ],
    },
    {
      HTTP_X_A: "A,B",
      HTTP_X_B: "-",
    },
    { overrides: { http2: { body: "HTTP_X_A=A,B\nHTTP_X_B=-" } } },
  ),
  shows(
    "ENV-17: joins repeated Cookie headers with a semicolon",
    {
      headers: [
        ["Cookie", "a=1"],
        ["Cookie", "b=2; c=3"],
      ],
    },
    {
      HTTP_COOKIE: "a=1; b=2; c=3",
      COOKIE: undefined, // from Plack's test suite
    },
  ),
  shows(
    "ENV-20: passes the bytes of a header, one character per byte",
    { headers: [["X-Name", "\xc3\xa9\xff"]] },
    {
      HTTP_X_NAME: "\xc3\xa9\xff",
    },
    { only: "http1" },
  ),
  shows(
    "ENV-22, ENV-27: sets wsgi.url_scheme to http on plain HTTP, whatever a header says",
    { headers: [["X-Forwarded-Proto", "https"]] },
    {
      "wsgi.url_scheme": "http",
      HTTPS: undefined,
      HTTP_X_FORWARDED_PROTO: "https",
    },
  ),
  shows(
    "ENV-28: sets REMOTE_ADDR, and no REMOTE_HOST because names are not looked up",
    {},
    {
      GATEWAY_INTERFACE: "CGI/1.1",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_HOST: undefined,
    },
  ),
  shows(
    "ENV-29: passes the target as received",
    { target: "/a%20b//%2e?c=%20" },
    {
      REQUEST_URI: "/a%20b//%2e?c=%20",
      RAW_URI: "/a%20b//%2e?c=%20",
    },
  ),
  shows(
    "ENV-30: does not pass the environment variables of the server",
    {},
    {
      PATH: undefined,
      HOME: undefined,
      USER: undefined,
      LANG: undefined,
    },
  ),
  shows(
    "ENV-31, SEC-09: lets no header set REMOTE_USER or AUTH_TYPE",
    {
      headers: [
        ["Remote-User", "root"],
        ["Auth-Type", "Basic"],
      ],
    },
    {
      REMOTE_USER: undefined,
      AUTH_TYPE: undefined,
      HTTP_REMOTE_USER: "root",
    },
  ),
  shows(
    "ENV-32: does not pass the headers of the connection",
    { headers: HOP_BY_HOP },
    {
      HTTP_TE: undefined,
      HTTP_TRAILER: undefined,
      HTTP_KEEP_ALIVE: undefined,
      HTTP_PROXY_CONNECTION: undefined,
      HTTP_CONNECTION: undefined,
    },
    { only: "http1" },
  ),
  shows(
    "ENV-32, FRM-03: does not pass Transfer-Encoding, because the body is already decoded",
    { method: "POST", chunks: ["a", "b"] },
    {
      HTTP_TRANSFER_ENCODING: undefined,
    },
  ),
  shows(
    "FRM-20: passes Authorization",
    { headers: [["Authorization", "Basic dTpw"]] },
    {
      HTTP_AUTHORIZATION: "Basic dTpw",
    },
  ),
  shows(
    "FRM-11: lets no header set the mount path that Django reads",
    {
      headers: [
        ["Script-Url", "/x"],
        ["Redirect-Url", "/y"],
      ],
    },
    {
      SCRIPT_URL: undefined,
      REDIRECT_URL: undefined,
      HTTP_SCRIPT_URL: "/x",
    },
  ),
  shows(
    "NODE-10, ISO-13: replaces Host by the authority of an absolute target, except on frameworks, which have read Host",
    { raw: "GET http://other.test/a?b HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n" },
    { HTTP_HOST: "other.test", ...ABSOLUTE },
    { only: "http1", overrides: { express: { body: OF_FRAMEWORKS }, koa: { body: OF_FRAMEWORKS } } },
  ),
];
