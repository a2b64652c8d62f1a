/** The environ as a whole: its type, its own keys, and the URL that apps rebuild from it (ENV, URL). */
import type { Environ } from "../../../src/index.ts";
import { both, text } from "../apps.ts";
import type { Case } from "../types.ts";

/** PEP 3333, "URL Reconstruction". */
function reconstruct(environ: Environ): string {
  const { SERVER_NAME, SERVER_PORT, SCRIPT_NAME, PATH_INFO, QUERY_STRING } = environ;
  const port = SERVER_PORT === (environ["wsgi.url_scheme"] === "https" ? "443" : "80") ? "" : `:${SERVER_PORT}`;
  const query = QUERY_STRING === "" ? "" : `?${QUERY_STRING}`;
  const host = environ.HTTP_HOST ?? SERVER_NAME + port;
  return `${environ["wsgi.url_scheme"]}://${host}${quote(SCRIPT_NAME)}${quote(PATH_INFO)}${query}`;
}

function quote(path: string): string {
  return path.replace(/[^\w.~/;=,-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

const url = (name: string, target: string): Case => ({
  name,
  request: { target },
  ...both("url", (environ, startResponse) => text(startResponse, reconstruct(environ))),
  expect: { body: `http://example.test:8123${target}` },
});

/** The key prefixes of PEP 3333, this package and these cases. */
const OWN = /^(wsgi|wsgi_bridge|conformance)\./;
const OTHERS: [string, string][] = [["X-Other", "\xe9"]];

export const ENVIRON_KINDS: readonly Case[] = [
  {
    name: "ENV-01: calls the app with exactly two arguments",
    ...both("arguments", (...args: unknown[]) =>
      text(args[1] as Parameters<typeof text>[0], `${args.length} by position, 0 by name`),
    ),
    expect: { body: "2 by position, 0 by name" },
  },
  {
    name: "ENV-02: passes a plain dictionary that the app may change",
    ...both("plain_environ", (environ, startResponse) => {
      environ["x.added"] = "1";
      delete environ.HTTP_HOST;
      const plain = [null, Object.prototype].includes(Object.getPrototypeOf(environ));
      return text(startResponse, `${plain} ${environ["x.added"]} ${"HTTP_HOST" in environ}`.toLowerCase());
    }),
    expect: { body: "true 1 false" },
  },
  {
    name: "ENV-03: is not affected by changes that the app makes to its environ",
    request: { method: "HEAD", target: "/a" },
    ...both("spoils_environ", (environ, startResponse) => {
      environ.REQUEST_METHOD = "GET";
      environ.PATH_INFO = "\u0436";
      environ.SERVER_PROTOCOL = "HTTP/1.0";
      for (const key of ["wsgi.input", "wsgi.errors", "SCRIPT_NAME"]) delete environ[key];
      return text(startResponse, "abc");
    }),
    expect: { headers: [["Content-Type", "text/plain"]], autoLength: 3, body: "" },
  },
  {
    name: "ENV-04: builds a new environ for each request",
    request: { times: 2 },
    ...both("leaves_a_mark", (environ, startResponse) => {
      const seen = "x.mark" in environ || environ["wsgi.version"] === undefined;
      environ["x.mark"] = "1";
      environ.HTTP_X_MARK = "1";
      return text(startResponse, String(seen));
    }),
    expect: { body: "false" },
  },
  {
    name: "ENV-18, ENV-19, ENV-20: sets every key, and each key without a dot to a string of bytes",
    request: { headers: OTHERS },
    only: "http1",
    ...both("odd_keys", (environ, startResponse) => {
      const fits = (value: unknown): boolean => typeof value === "string" && !/[^\0-\xff]/.test(value);
      const odd = Object.keys(environ).filter((key) =>
        key.includes(".") ? environ[key] === undefined : !fits(environ[key]),
      );
      return text(startResponse, `${environ.HTTP_X_OTHER} ${odd}`);
    }),
    expect: { body: "\xe9 " },
  },
  {
    name: "ENV-19, ENV-28: sets REMOTE_PORT to a string",
    ...both("remote_port", ({ REMOTE_PORT }, startResponse) =>
      text(startResponse, /^[1-9]\d*$/.test(REMOTE_PORT as string) ? "digits" : typeof REMOTE_PORT),
    ),
    expect: { body: "digits" },
  },
  {
    name: "ENV-21, ENV-23..25: sets the wsgi.* keys to the true values",
    ...both("wsgi_keys", (environ, startResponse) => {
      const { multithread, multiprocess, run_once } = {
        multithread: environ["wsgi.multithread"],
        multiprocess: environ["wsgi.multiprocess"],
        run_once: environ["wsgi.run_once"],
      };
      const there = ["wsgi.input", "wsgi.errors"].every((key) => typeof environ[key] === "object");
      return text(startResponse, `${environ["wsgi.version"]} ${[multithread, multiprocess, run_once, there]}`);
    }),
    expect: { body: "1,0 true,false,false,true" },
  },
  {
    name: "EXP-06: sets wsgi.input_terminated to true",
    ...both("input_terminated", (environ, startResponse) =>
      text(startResponse, String(environ["wsgi.input_terminated"] === true)),
    ),
    expect: { body: "true" },
  },
  {
    name: "ENV-26, FRM-17: sets no keys with a dot except those of PEP 3333 and wsgi_bridge.*",
    ...both("foreign_keys", (environ, startResponse) => {
      const foreign = Object.keys(environ).filter((key) => key.includes(".") && !OWN.test(key));
      return text(startResponse, `foreign: ${foreign}`);
    }),
    expect: { body: "foreign: " },
  },
  url("URL-01: lets the app rebuild the URL", "/"),
  url("URL-01: lets the app rebuild a URL with escapes and path parameters", "/sp%E4m;ham;cookie=1234,5678/%D0%B6%20"),
  url("URL-01: lets the app rebuild a URL with a query", "/spam/?s%E4y=ni&x=%2F+y"),
  {
    name: "URL-01, REV-07: lets the app rebuild the URL from SERVER_NAME and SERVER_PORT without Host",
    request: { raw: "GET /a HTTP/1.0\r\n\r\n" },
    only: "http1",
    ...both("url", (environ, startResponse) => text(startResponse, reconstruct(environ))),
    expect: { body: "http://127.0.0.1:{port}/a" },
  },
];
