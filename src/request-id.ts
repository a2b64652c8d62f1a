/** What a request is called in the log. Knows where an id may be found; knows no log. */
import type { IncomingMessage } from "node:http";
import type { Environ } from "./wsgi/types.ts";

/** Middleware that names requests (pino-http, express-request-id) leaves the name here. */
type Named = IncomingMessage & { readonly id?: unknown };

/** No blank, no control character: an id must not look like anything else in a log. */
const FIT = /^[\x21-\x7e]{1,128}$/;

let count = 0;

/** The id that middleware, or a proxy by X-Request-Id, has given the request; else a number, counted in this process. */
export function requestId(req: Named, environ: Environ): string {
  const { id } = req;
  if (id !== undefined) {
    const text = typeof id === "number" ? String(id) : id;
    if (typeof text === "string" && FIT.test(text)) return text;
  }
  const { HTTP_X_REQUEST_ID: given } = environ;
  if (given !== undefined && FIT.test(given)) return given;
  count += 1;
  return String(count);
}
