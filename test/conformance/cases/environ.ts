/** The request as the app sees it, key by key (PEP 3333, "environ Variables"; ENV). */
import { show } from "../apps.ts";
import type { Case, RequestParts } from "../types.ts";

/** A row whose app shows these keys; `undefined` for one that is not there. */
function shows(name: string, request: RequestParts, keys: Record<string, string | undefined>, more = {}): Case {
  const lines = Object.entries(keys).map(([key, value]) => (value === undefined ? `${key}!` : `${key}=${value}`));
  return { name, request, ...show(...Object.keys(keys)), expect: { body: lines.join("\n") }, ...more };
}

const path = (name: string, target: string, pathInfo: string, query = ""): Case =>
  shows(name, { target }, { SCRIPT_NAME: "", PATH_INFO: pathInfo, QUERY_STRING: query });

/** HTTP/1 says them of its connection; over HTTP/2 a client may not send them. */
const HOP_BY_HOP: [string, string][] = [
  ["TE", "trailers"],
  ["Trailer", "X-Sum"],
  ["Keep-Alive", "timeout=5"],
  ["Proxy-Connection", "keep-alive"],
];

const ABSOLUTE = { PATH_INFO: "/a", QUERY_STRING: "b", REQUEST_URI: "http://other.test/a?b" };
/** Express and Koa read Host, and so do the guards that stand before the app there. */
const OF_FRAMEWORKS: string = Object.entries({ HTTP_HOST: "example.test", ...ABSOLUTE })
  .map(([key, value]) => `${key}=${value}`)
  .join("\n");

export const ENVIRON: readonly Case[] = [
  shows("ENV-05: an ordinary method", { method: "DELETE" }, { REQUEST_METHOD: "DELETE" }),
  shows("ENV-05: a method that few know is passed on", { method: "PROPFIND" }, { REQUEST_METHOD: "PROPFIND" }),
  shows(
    "FRM-20: HEAD stays HEAD, and its headers stay",
    { method: "HEAD" },
    { REQUEST_METHOD: "HEAD" },
    {
      expect: { headers: [["Content-Type", "text/plain"]], autoLength: "REQUEST_METHOD=HEAD".length, body: "" },
    },
  ),
  path("ENV-06, ENV-07: without a mount SCRIPT_NAME is empty, and PATH_INFO never is", "/", "/"),
  path("ENV-08, NODE-08: the path is decoded once, and + stays", "/a%20b+c%2Fd", "/a b+c/d"),
  path("ENV-08: an escaped percent sign is not decoded a second time", "/%2541%252F", "/%41%2F"),
  path("ENV-08: what is no escape stays as it is", "/%zz%4/%", "/%zz%4/%"),
  path("ENV-20: UTF-8 arrives as its bytes, one character each", "/%D0%B6", "/\xd0\xb6"),
  path("ENV-20, FRM-12: bytes that are no UTF-8 arrive, too (cp1252_url)", "/%80%FF", "/\x80\xff"),
  path("ENV-08, FRM-19: repeated slashes are kept", "//foo///bar/", "//foo///bar/"),
  path("ENV-08, SEC-11: dot segments are kept", "/a/../b/./c", "/a/../b/./c"),
  path("ENV-08: parameters of a segment are part of it", "/a;b=c/d,e", "/a;b=c/d,e"),
  path("ENV-10: the query is not decoded", "/?a=%20b&c=d+e%zz&s%E4y", "/", "a=%20b&c=d+e%zz&s%E4y"),
  path("ENV-10: a second question mark is the query's", "/a?b?c", "/a", "b?c"),
  path("ENV-10: an empty query is as none", "/a?", "/a"),
  path("ENV-10: an escaped question mark is the path's", "/a%3Fb", "/a?b"),
  shows(
    "ENV-11, ENV-12: a body's type and length are there, and not as HTTP_ variables",
    { method: "POST", headers: [["Content-Type", "text/x; charset=utf-8"]], body: "abc" },
    {
      CONTENT_TYPE: "text/x; charset=utf-8",
      CONTENT_LENGTH: "3",
      HTTP_CONTENT_TYPE: undefined,
      HTTP_CONTENT_LENGTH: undefined,
    },
  ),
  shows(
    "ENV-12, ENV-13: nothing is invented for a request without a body",
    {},
    {
      CONTENT_TYPE: undefined,
      CONTENT_LENGTH: undefined,
    },
  ),
  shows(
    "ENV-12: a length of 0 is a length",
    { method: "POST", headers: [["Content-Length", "0"]] },
    {
      CONTENT_LENGTH: "0",
    },
  ),
  shows(
    "ENV-14: SERVER_NAME and SERVER_PORT are those that the client connected to",
    {},
    {
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: "{port}",
      HTTP_HOST: "example.test:8123",
    },
  ),
  shows(
    "ENV-15: SERVER_PROTOCOL is the request's",
    {},
    { SERVER_PROTOCOL: "HTTP/1.1" },
    {
      but: { http2: { body: "SERVER_PROTOCOL=HTTP/2.0" } },
    },
  ),
  shows(
    "ENV-15, NODE-29: HTTP/1.0 without Host",
    { raw: "GET / HTTP/1.0\r\n\r\n" },
    { SERVER_PROTOCOL: "HTTP/1.0", HTTP_HOST: undefined, SERVER_NAME: "127.0.0.1", SERVER_PORT: "{port}" },
    { only: "http1" },
  ),
  shows(
    "ENV-16: a header is a key in capitals, and one without a value is empty",
    {
      headers: [
        ["X-Mixed-case", "1"],
        ["X-Empty", ""],
      ],
    },
    { HTTP_X_MIXED_CASE: "1", HTTP_X_EMPTY: "", HTTP_X_OTHER: undefined },
  ),
  shows(
    "ENV-16: blanks around a value are not its own, those within are",
    { headers: [["X-Pad", "  a  b \t"]] },
    {
      HTTP_X_PAD: "a  b",
    },
    { only: "http1" },
  ),
  shows("ENV-16: a value may be long", { headers: [["X-Long", "x".repeat(4000)]] }, { HTTP_X_LONG: "x".repeat(4000) }),
  shows(
    "ENV-17: a header that comes again is joined in order",
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
    { but: { http2: { body: "HTTP_X_A=A,B\nHTTP_X_B=-" } } },
  ),
  shows(
    "ENV-17: cookies are joined as cookies",
    {
      headers: [
        ["Cookie", "a=1"],
        ["Cookie", "b=2; c=3"],
      ],
    },
    {
      HTTP_COOKIE: "a=1; b=2; c=3",
      COOKIE: undefined, // Plack's suite
    },
  ),
  shows(
    "ENV-20: a header's bytes are its characters",
    { headers: [["X-Name", "\xc3\xa9\xff"]] },
    {
      HTTP_X_NAME: "\xc3\xa9\xff",
    },
    { only: "http1" },
  ),
  shows(
    "ENV-22, ENV-27: plain HTTP is http, whatever a header says",
    { headers: [["X-Forwarded-Proto", "https"]] },
    {
      "wsgi.url_scheme": "http",
      HTTPS: undefined,
      HTTP_X_FORWARDED_PROTO: "https",
    },
  ),
  shows(
    "ENV-28: the client's address, and nobody looks names up",
    {},
    {
      GATEWAY_INTERFACE: "CGI/1.1",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_HOST: undefined,
    },
  ),
  shows(
    "ENV-29: the target as it was received",
    { target: "/a%20b//%2e?c=%20" },
    {
      REQUEST_URI: "/a%20b//%2e?c=%20",
      RAW_URI: "/a%20b//%2e?c=%20",
    },
  ),
  shows(
    "ENV-30: the server's own environment is not the app's",
    {},
    {
      PATH: undefined,
      HOME: undefined,
      USER: undefined,
      LANG: undefined,
    },
  ),
  shows(
    "ENV-31, SEC-09: no header says who the user is",
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
    "ENV-32: what belongs to the connection stays with the server",
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
    "ENV-32, FRM-03: Transfer-Encoding is gone with the chunks",
    { method: "POST", chunks: ["a", "b"] },
    {
      HTTP_TRANSFER_ENCODING: undefined,
    },
  ),
  shows(
    "FRM-20: Authorization is passed on",
    { headers: [["Authorization", "Basic dTpw"]] },
    {
      HTTP_AUTHORIZATION: "Basic dTpw",
    },
  ),
  shows(
    "FRM-11: no header can say where Django is mounted",
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
    "NODE-10, ISO-13: the authority of an absolute target takes the place of Host, unless a framework's guards have read Host",
    { raw: "GET http://other.test/a?b HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n" },
    { HTTP_HOST: "other.test", ...ABSOLUTE },
    { only: "http1", but: { express: { body: OF_FRAMEWORKS }, koa: { body: OF_FRAMEWORKS } } },
  ),
];
