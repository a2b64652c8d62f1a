/** Finds environ variables that could make the next server run other code. Knows names; knows no server. */
import type { Environ } from "./types.ts";

/**
 * Servers use these variables to choose the file to run, its settings or the interpreter (`UWSGI_FILE`, `PHP_VALUE`,
 * `SCRIPT_FILENAME`), and HTTP clients use `HTTP_PROXY` as their proxy. Request headers cannot set them, but middleware or a
 * web server may add variables that a client has chosen.
 */
const STEERING =
  /^(UWSGI_|PHP_|FCGI_|ORIG_|REDIRECT_|CONTEXT_|SCRIPT_FILENAME$|PATH_TRANSLATED$|DOCUMENT_ROOT$|DOCUMENT_URI$|HTTP_PROXY$)/i;

/**
 * True for a variable that must not be forwarded to another server.
 *
 *     steers("UWSGI_FILE")  → true
 *     steers("HTTP_PROXY")  → true
 *     steers("HTTP_HOST")   → false
 */
export function steers(key: string): boolean {
  return STEERING.test(key);
}

/** Returns a copy of the environ without the variables for which `steers` is true. */
export function withoutSteering(environ: Environ): Environ {
  const copy = { __proto__: null } as unknown as Environ;
  for (const key in environ) if (!STEERING.test(key)) copy[key] = environ[key];
  return copy;
}
