/** What a request is called in the log. Knows where an id may be found; knows no log. */
import type { Environ } from "./types.ts";

/** No blank, no control character, no bracket: an id must not end its own tag, `[id]`, nor look like anything else in a log. */
const FIT = /^[\x21-\x5a\\\x5e-\x7e]{1,128}$/;
/** What this process may count up to, and so calls other requests: 2^53 has 16 digits. */
const COUNTED = /^\d{1,16}$/;

let count = 0;

/**
 * What a request is called: `id`, as middleware has named it, or X-Request-Id, by which a proxy has; else a number, counted in
 * this process. Text that looks like such a number is not taken, from middleware either: it may have it from the client.
 */
export function requestId(id: unknown, environ: Environ): string {
  if (isFit(id)) return id;
  if (typeof id === "number" && FIT.test(String(id))) return String(id); // no client can have sent one
  const { HTTP_X_REQUEST_ID: given } = environ;
  if (isFit(given)) return given;
  count += 1;
  return String(count);
}

function isFit(id: unknown): id is string {
  return typeof id === "string" && FIT.test(id) && !COUNTED.test(id);
}
