/** Chooses the id that names a request in the log. */
import type { Environ } from "./types.ts";

/** No space, no control character and no bracket, so that an id cannot end its tag `[id]` or imitate other log text. */
const VALID = /^[\x21-\x5a\\\x5e-\x7e]{1,128}$/;
/** Text that looks like one of this process's own numbers, which have at most 16 digits (2^53). */
const COUNTED = /^\d{1,16}$/;

let count = 0;

/**
 * Returns the id of a request: `id`, which middleware has set, else X-Request-Id, which a proxy has set, else the next number
 * of this process. Text that looks like such a number is ignored, even from middleware, because the client may have sent it.
 */
export function requestId(id: unknown, environ: Environ): string {
  if (isValid(id)) return id;
  if (typeof id === "number" && VALID.test(String(id))) return String(id); // a client can only send text
  const { HTTP_X_REQUEST_ID: given } = environ;
  if (isValid(given)) return given;
  count += 1;
  return String(count);
}

function isValid(id: unknown): id is string {
  return typeof id === "string" && VALID.test(id) && !COUNTED.test(id);
}
