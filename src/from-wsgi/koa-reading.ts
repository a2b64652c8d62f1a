/** Reads path and host with Koa's own getters, as Koa's routes and other middleware do. Knows when these getters fail. */
import { BadRequestError } from "../errors.ts";
import { splitAgreed } from "../wsgi/one-reading.ts";
import type { KoaContext } from "./host.ts";

/**
 * Returns the undecoded path of the original request target, including any mount path.
 *
 * @throws BadRequestError if Koa reads a different path
 */
export function fullPath(ctx: KoaContext): string {
  const target = ctx.request.originalUrl;
  return splitAgreed(target, ctx.req.url === target ? ctx : CHANGED_PATH).path;
}

/** For a request whose path was changed by koa-mount or a rewrite: Koa's path cannot be compared with the target's. */
const CHANGED_PATH = {};

/**
 * Returns the undecoded path below the mount.
 *
 * @throws BadRequestError if Koa's getter throws or finds no path, as in `x://host`
 */
export function pathOf(ctx: KoaContext): string {
  let path: string | null;
  try {
    path = ctx.path;
  } catch {
    path = null;
  }
  if (path === null) throw new BadRequestError("the request target is not a valid URL");
  return path === "*" ? "" : path;
}

/** @throws BadRequestError if Koa finds no valid host in a Host header that is not empty */
export function hostOf({ host, req }: KoaContext): string | undefined {
  if (host !== "") return host;
  if (req.headers.host)
    throw new BadRequestError(
      "the Host header, or the proxy header that replaces it, is not a valid host (RFC 9112 §3.2)",
    );
  return undefined;
}
