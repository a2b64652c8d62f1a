/** Chooses the id that names a request in the log. */
import type { Environ } from "./types.ts";

/** No blank, no control character and no bracket, so that an id cannot end its tag `[id]` or imitate other log text. */
const FIT = /^[\x21-\x5a\\\x5e-\x7e]{1,128}$/;
/** Looks like a number that this process gives to requests: 2^53 has 16 digits. */
const COUNTED = /^\d{1,16}$/;

let count = 0;

/**
 * Returns the id of a request: `id`, which middleware has set, or X-Request-Id, which a proxy has set, or the next number of
 * this process. Text that looks like such a number is refused, also from middleware, because it may come from the client.
 */
export function requestId(id: unknown, environ: Environ): string {
  if (isFit(id)) return id;
  if (typeof id === "number" && FIT.test(String(id))) return String(id); // a client can only send text
  const { HTTP_X_REQUEST_ID: given } = environ;
  if (isFit(given)) return given;
  count += 1;
  return String(count);
}

function isFit(id: unknown): id is string {
  return typeof id === "string" && FIT.test(id) && !COUNTED.test(id);
}
