/** Finds request targets that a framework's parser may read differently than RFC 9112. Knows parsers; knows no framework. */
import { BadRequestError } from "../errors.ts";
import { type SplitTarget, splitTarget } from "./path.ts";

/** For targets with these characters, `parseurl` of Express, Connect and Koa falls back to Node's legacy `url.parse`. */
const UNUSUAL = /[\t\n\f\r #\xa0\ufeff]/;

/**
 * True for a path that all parsers split at its first `?` and otherwise leave unchanged.
 *
 *     isPlain("/a\\b;c?x=//h")         → true
 *     isPlain("/a#f")                  → false
 *     isPlain("http://h/a")            → false
 */
export function isPlain(target: string): boolean {
  return target.charCodeAt(0) === 0x2f && !UNUSUAL.test(target);
}

/**
 * Targets that `url.parse` and RFC 9112 read alike: `http` or `https`, a host of ordinary characters, and a path without the
 * characters that `url.parse` escapes or replaces (a router counts characters when it cuts off a mount path). Without an
 * authority the path must not begin with `//`, which `url.parse` may take for one.
 */
const ALIKE =
  /^(?:https?:\/\/(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\])(?::\d*)?(?:\/[\w!$%&()*+,\-./:;=@~[\]]*)?|\/(?!\/)[\w!$%&()*+,\-./:;=@~[\]]*)(?:\?[^#]*)?(?:#.*)?$/is;

/**
 * True for a target in which all parsers find the same path and host.
 *
 *     readsAlike("/a#f")               → true
 *     readsAlike("HTTP://h:8/a?b")     → true
 *     readsAlike("*")                  → true
 *     readsAlike("javascript://h/a")   → false
 *     readsAlike("http://h;/a")        → false
 *     readsAlike("http://h\\a/b")      → false
 *     readsAlike("//u@h/a#f")          → false
 */
export function readsAlike(target: string): boolean {
  return isPlain(target) || target === "*" || ALIKE.test(target);
}

/**
 * Splits a target, and checks that the framework has found the same path in it.
 *
 * @param reader the framework's request or context; its `path`, if it is a string, is the path that the framework has found
 * @throws BadRequestError if the app would get another path than the framework has found
 */
export function splitAgreed(target: string, reader: { readonly path?: unknown }): SplitTarget {
  const split = splitTarget(target);
  if (isPlain(target) || target === "*") return split;
  if (!readsAlike(target)) throw twoReadings();
  const { path } = reader;
  if (typeof path === "string" && path !== split.path) throw twoReadings();
  return split;
}

/** Returns the error for a target that parsers may read differently. */
export function twoReadings(): BadRequestError {
  return new BadRequestError(
    "the request target can be understood in two ways; send an absolute path, as in GET /path",
  );
}
