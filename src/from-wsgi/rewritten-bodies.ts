/** Warns about parsed bodies that are written again with another length. Knows the routes it has warned about; writes no log. */
import type { IncomingMessage } from "node:http";
import { splitTarget } from "../wsgi/path.ts";
import { declaredLength } from "./declared-body.ts";

/** So that a client that invents paths cannot fill memory or the log. */
const MAX_ROUTES = 100;

export class RewrittenBodies {
  readonly #routes: Set<string> = new Set();

  /** Returns a warning if `length` is not the length that the client declared: once for each method and path. */
  warning(req: IncomingMessage, target: string, length: number): string | undefined {
    const declared = declaredLength(req);
    if (declared === length || !Number.isFinite(declared) || req.headers["content-encoding"] !== undefined)
      return undefined;
    const route = `${req.method} ${splitTarget(target).path}`;
    if (this.#routes.has(route) || this.#routes.size >= MAX_ROUTES) return undefined;
    this.#routes.add(route);
    return `middleware parsed the request body, and it was serialized again to ${length} bytes instead of ${declared}; integers above 2^53, repeated keys and signatures over the bytes may be lost: mount the app before that middleware, or make it keep the bytes in rawBody`;
  }
}
