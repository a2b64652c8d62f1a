/** Variables that control a server behind a gateway. Knows names; knows no server. */
import type { Environ } from "./types.ts";

/**
 * These variables choose the file to run, its settings or the interpreter (`UWSGI_FILE`, `PHP_VALUE`, `SCRIPT_FILENAME`), or are
 * trusted by HTTP clients (`HTTP_PROXY`). A client cannot set them, because its headers become HTTP_*. But middleware or a web
 * server may add variables that a client has chosen (WRK-01, SEC-01).
 */
const STEERING =
  /^(UWSGI_|PHP_|FCGI_|ORIG_|REDIRECT_|CONTEXT_|SCRIPT_FILENAME$|PATH_TRANSLATED$|DOCUMENT_ROOT$|DOCUMENT_URI$|HTTP_PROXY$)/i;

/**
 * True for a variable that must not go from one server to another.
 *
 *     steers("UWSGI_FILE")  → true
 *     steers("HTTP_PROXY")  → true
 *     steers("HTTP_HOST")   → false
 */
export function steers(key: string): boolean {
  return STEERING.test(key);
}

/** Returns a copy of the environ without these variables. */
export function withoutSteering(environ: Environ): Environ {
  const copy = { __proto__: null } as unknown as Environ;
  for (const key in environ) if (!STEERING.test(key)) copy[key] = environ[key];
  return copy;
}
