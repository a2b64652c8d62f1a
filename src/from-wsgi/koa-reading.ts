/** What Koa's own getters say of path and host, which its routes and guards have read. Knows where they say nothing. */
import { BadRequestError } from "../errors.ts";
import { splitAgreed } from "../wsgi/one-reading.ts";
import type { KoaContext } from "./host.ts";

/**
 * The path of all of the target, undecoded, before any mount.
 *
 * @throws BadRequestError where Koa reads another one
 */
export function wholePath(ctx: KoaContext): string {
  const target = ctx.request.originalUrl;
  return splitAgreed(target, ctx.req.url === target ? ctx : MOVED).path;
}

/** koa-mount or a rewrite has given Koa another path than the target's. */
const MOVED = {};

/**
 * The path as it is below mounts, undecoded.
 *
 * @throws BadRequestError where Koa's getter throws or finds no path, as in `x://host`
 */
export function pathOf(ctx: KoaContext): string {
  let path: string | null;
  try {
    path = ctx.path;
  } catch {
    path = null;
  }
  if (path === null) throw new BadRequestError("the request target is no URL");
  return path === "*" ? "" : path;
}

/** @throws BadRequestError where there is a Host, and Koa finds none in it */
export function hostOf({ host, req }: KoaContext): string | undefined {
  if (host !== "") return host;
  if (req.headers.host) throw new BadRequestError("Host, or what a proxy says of it, is no host (RFC 9112 §3.2)");
  return undefined;
}
