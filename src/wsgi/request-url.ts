/** Builds the URL for the app inside `toWsgi` from a request head. Knows percent-encoding and mount paths; knows no framework. */
import type { RequestHead } from "./environ.ts";
import { isPlain, readsAlike } from "./one-reading.ts";
import { percentDecode, splitTarget, targetAuthority } from "./path.ts";

/** A request's URL in Express's terms. All three are percent-encoded. */
export interface RequestUrl {
  /** The whole URL: `originalUrl`. */
  readonly target: string;
  /** The mount path: `baseUrl`; `""` without a mount. */
  readonly base: string;
  /** The rest after the mount path: `url`. Begins with `/` if there is a mount. */
  readonly rest: string;
}

/**
 * Returns the raw target if it still agrees with SCRIPT_NAME, PATH_INFO and QUERY_STRING, so that `%2F` stays `%2F`. If
 * middleware has changed one of them, builds the URL from them (PEP 3333, "URL Reconstruction").
 *
 *     { scriptName: "/m", pathInfo: "/a b", queryString: "x=1", target: "/m/a%20b?x=1" }
 *         → { target: "/m/a%20b?x=1", base: "/m", rest: "/a%20b?x=1" }
 */
export function requestUrl(head: RequestHead): RequestUrl {
  if (targetAgrees(head)) {
    const at = encodedLength(head.target, head.scriptName);
    return { target: head.target, base: head.target.slice(0, at), rest: rooted(head.target.slice(at), at) };
  }
  const base = quote(head.scriptName);
  const query = head.queryString === "" ? "" : `?${head.queryString}`;
  const rest = quote(head.pathInfo) + query;
  return { target: rooted(base + rest, 1), base, rest: rooted(rest, 1) };
}

/** The characters that a request target may contain. */
const VISIBLE = /^[\x21-\x7e\x80-\xff]+$/;

/**
 * True if the raw target agrees with the environ. Middleware may have routed the request elsewhere without changing REQUEST_URI,
 * which PEP 3333 does not define. Access checks in the inner app must not find another path or host in it than the environ has.
 */
function targetAgrees(head: RequestHead): boolean {
  const { target, scriptName, pathInfo, queryString } = head;
  if (!VISIBLE.test(target) || (scriptName !== "" && target.charCodeAt(0) !== 0x2f)) return false;
  if (!isPlain(target) && (scriptName !== "" || !readsAlike(target) || namesAnotherHost(head))) return false;
  const { path, query } = splitTarget(target);
  if (query !== queryString || path.includes("%00")) return false;
  return percentDecode(path) === scriptName + pathInfo;
}

function namesAnotherHost({ target, rawHeaders }: RequestHead): boolean {
  const authority = targetAuthority(target);
  const at = rawHeaders.indexOf("host");
  return authority !== undefined && at !== -1 && rawHeaders[at + 1] !== authority;
}

const ESCAPE = /^%[0-9a-f]{2}/i;

/** Returns the number of characters in `target` that encode `decoded`. */
function encodedLength(target: string, decoded: string): number {
  let at = 0;
  for (let i = 0; i < decoded.length; i += 1) {
    at += target.charCodeAt(at) === 0x25 && ESCAPE.test(target.slice(at, at + 3)) ? 3 : 1;
  }
  return at;
}

/** Adds the slash with which, in Express, a path below a mount begins. Without a mount path, returns `rest` unchanged. */
function rooted(rest: string, mountLength: number): string {
  return mountLength === 0 || rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`;
}

/** Characters that must be escaped in a path: all except unreserved characters and allowed delimiters (RFC 3986 §3.3). */
const UNSAFE = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/**
 * Percent-encodes a path of bytes as latin-1.
 *
 *     quote("/a b%c")                  → "/a%20b%25c"
 *     quote("/Ð¶;x=1,2")               → "/%D0%B6;x=1,2"
 *     quote("/a?b#c")                  → "/a%3Fb%23c"
 */
export function quote(path: string): string {
  return path.replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
