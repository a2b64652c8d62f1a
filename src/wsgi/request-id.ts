/** What a request is called in the log. Knows where an id may be found; knows no log. */
import type { Environ } from "./types.ts";

/** No blank, no control character: an id must not look like anything else in a log. */
const FIT = /^[\x21-\x7e]{1,128}$/;

let count = 0;

/**
 * What a request is called: `id`, as middleware has named it, or X-Request-Id, by which a proxy has; else a number, counted in
 * this process.
 */
export function requestId(id: unknown, environ: Environ): string {
  if (id !== undefined) {
    const text = typeof id === "number" ? String(id) : id;
    if (typeof text === "string" && FIT.test(text)) return text;
  }
  const { HTTP_X_REQUEST_ID: given } = environ;
  if (given !== undefined && FIT.test(given)) return given;
  count += 1;
  return String(count);
}
