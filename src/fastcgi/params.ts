/** Encodes an environ as FastCGI parameters. Knows which keys may leave the process; knows no connection. */
import { AppProtocolError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";
import { pair } from "./records.ts";

const NOT_LATIN1 = /[^\x00-\xff]/;

/**
 * Returns all string values of an environ as name-value pairs in latin-1. The other side makes its own `wsgi.*` keys; only the
 * scheme is sent, as CGI's HTTPS.
 *
 * @throws AppProtocolError when middleware put a string into the environ with characters above U+00FF
 */
export function encodeParams(environ: Environ, contentLength: number | undefined): string {
  let params = "";
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== "string" || key.startsWith("wsgi.") || OVERRIDDEN.has(key)) continue;
    params += pair(key, value);
  }
  if (environ["wsgi.url_scheme"] === "https") params += pair("HTTPS", "on");
  if (contentLength !== undefined) params += pair("CONTENT_LENGTH", String(contentLength));
  if (!NOT_LATIN1.test(params)) return params;
  const key = Object.keys(environ).find((name) => NOT_LATIN1.test(name + String(environ[name])));
  throw new AppProtocolError(`environ.${key} has characters above U+00FF; PEP 3333 carries bytes as latin-1`);
}

/** Set from the request itself, whatever value a header or middleware gave them. */
const OVERRIDDEN: ReadonlySet<string> = new Set(["HTTPS", "CONTENT_LENGTH"]);
