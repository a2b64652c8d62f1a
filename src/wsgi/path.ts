/** Splits and decodes request targets. Knows RFC 9112's target forms; knows no mount path. */
import { BadRequestError } from "../errors.ts";

/** The two parts of a request target, both undecoded. */
export interface SplitTarget {
  /** Begins with `/`, or is `""` for `*`. */
  readonly path: string;
  /** Does not include the `?`. */
  readonly query: string;
}

/**
 * Splits a request target at its first `?`. Drops a fragment, and the scheme and authority of the absolute form.
 *
 *     splitTarget("/a/b?x=1?2")        → { path: "/a/b", query: "x=1?2" }
 *     splitTarget("/a#f?q")            → { path: "/a", query: "" }
 *     splitTarget("http://h/a?b")      → { path: "/a", query: "b" }
 *     splitTarget("http://h?b")        → { path: "/", query: "b" }
 *     splitTarget("//h/a")             → { path: "//h/a", query: "" }
 *     splitTarget("*")                 → { path: "", query: "" }
 *     splitTarget("x?b")               → { path: "/x", query: "b" }
 */
export function splitTarget(target: string): SplitTarget {
  const fragment = target.indexOf("#");
  const whole = fragment === -1 ? target : target.slice(0, fragment);
  const question = whole.indexOf("?");
  const path = question === -1 ? whole : whole.slice(0, question);
  const query = question === -1 ? "" : whole.slice(question + 1);
  if (path.charCodeAt(0) === 0x2f) return { path, query };
  return { path: rootedPath(path), query };
}

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i;

function rootedPath(path: string): string {
  if (path === "*") return "";
  const absolute = ABSOLUTE_FORM.exec(path);
  if (absolute === null) return `/${path}`; // koa-mount and rewrites may have removed the slash
  return path.slice(absolute[0].length) || "/";
}

/**
 * Returns the authority of a target in absolute form. It replaces Host (RFC 9112 §3.2.2).
 *
 *     targetAuthority("http://h:8/a")  → "h:8"
 *     targetAuthority("/a")            → undefined
 *     targetAuthority("//h/a")         → undefined
 */
export function targetAuthority(target: string): string | undefined {
  if (target.charCodeAt(0) === 0x2f) return undefined;
  const question = target.search(/[?#]/);
  return ABSOLUTE_FORM.exec(question === -1 ? target : target.slice(0, question))?.[1];
}

const ESCAPE = /%[0-9a-f]{2}/gi;

/**
 * Percent-decodes a path once, to bytes as latin-1. A `%` that does not begin an escape is kept.
 *
 *     percentDecode("/a%20b+c")        → "/a b+c"
 *     percentDecode("/%D0%B6")         → "/Ð¶"
 *     percentDecode("/%zz%2f%")        → "/%zz/%"
 *     percentDecode("/%2541")          → "/%41"
 *
 * @throws BadRequestError for `%00`: frameworks do not expect it, and C code ends a string there
 */
export function percentDecode(path: string): string {
  if (!path.includes("%")) return path;
  if (path.includes("%00")) throw new BadRequestError("the path contains %00");
  return path.replace(ESCAPE, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)));
}
