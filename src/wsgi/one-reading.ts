/** Request targets that RFC 9112 and a framework's parser could read differently. Knows what parsers do; knows no framework. */
import { BadRequestError } from "../errors.ts";
import { type SplitTarget, splitTarget } from "./path.ts";

/** For these, `parseurl` of Express, Connect and Koa leaves its short way and asks Node's legacy `url.parse`. */
const UNUSUAL = /[\t\n\f\r #\xa0\ufeff]/;

/**
 * Whether a target is a path that all parsers split at its first `?`, and otherwise leave alone.
 *
 *     isPlain("/a\\b;c?x=//h")         → true
 *     isPlain("/a#f")                  → false
 *     isPlain("http://h/a")            → false
 */
export function isPlain(target: string): boolean {
  return target.charCodeAt(0) === 0x2f && !UNUSUAL.test(target);
}

/**
 * What `url.parse` and RFC 9112 read alike: `http` or `https`, a host of ordinary characters, and a path without those that
 * `url.parse` escapes or turns into others, since a router counts them when it cuts off a mount. Without an authority
 * the path does not begin with `//`, which `url.parse` may take for one.
 */
const ALIKE =
  /^(?:https?:\/\/(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\])(?::\d*)?(?:\/[\w!$%&()*+,\-./:;=@~[\]]*)?|\/(?!\/)[\w!$%&()*+,\-./:;=@~[\]]*)(?:\?[^#]*)?(?:#.*)?$/is;

/**
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
 * Splits a target that a framework has read, too.
 *
 * @param reader has in `path`, if it is a string, what the framework takes for the path
 * @throws BadRequestError where its guards were asked about another path than the app would be
 */
export function splitAgreed(target: string, reader: { readonly path?: unknown }): SplitTarget {
  const split = splitTarget(target);
  if (isPlain(target) || target === "*") return split;
  if (!readsAlike(target)) throw twoReadings();
  const { path } = reader;
  if (typeof path === "string" && path !== split.path) throw twoReadings();
  return split;
}

export function twoReadings(): BadRequestError {
  return new BadRequestError(
    "the request target can be understood in two ways; send an absolute path, as in GET /path",
  );
}
