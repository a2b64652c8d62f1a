/** The variables by which servers behind a gateway let themselves be steered. Knows names; knows no server. */
import type { Environ } from "./types.ts";

/**
 * Who sets these chooses the file that is run, the settings it is run with, or the interpreter: `UWSGI_FILE` and its like,
 * `PHP_VALUE`, `SCRIPT_FILENAME`; HTTP_PROXY is believed by HTTP clients. No client can set them, since headers are HTTP_*; what
 * middleware or a web server adds may be a client's all the same (WRK-01, SEC-01).
 */
const STEERING =
  /^(UWSGI_|PHP_|FCGI_|ORIG_|REDIRECT_|CONTEXT_|SCRIPT_FILENAME$|PATH_TRANSLATED$|DOCUMENT_ROOT$|DOCUMENT_URI$|HTTP_PROXY$)/i;

/**
 * Whether a variable must not cross from one server to another.
 *
 *     steers("UWSGI_FILE")  → true
 *     steers("HTTP_PROXY")  → true
 *     steers("HTTP_HOST")   → false
 */
export function steers(key: string): boolean {
  return STEERING.test(key);
}

/** A copy of the environ in which nothing steers the other side. */
export function withoutSteering(environ: Environ): Environ {
  const copy = { __proto__: null } as unknown as Environ;
  for (const key in environ) if (!STEERING.test(key)) copy[key] = environ[key];
  return copy;
}
