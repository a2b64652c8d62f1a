/** Translates the names of request headers to CGI's names. Knows which names are dropped, and why. */

/** Hop-by-hop headers (RFC 9110 §7.6.1), and Proxy, which would become HTTP_PROXY (httpoxy). */
const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);

/** CGI names these two without `HTTP_`. */
const BARE: ReadonlySet<string> = new Set(["content-type", "content-length"]);

/** Only letters, digits and `-`: `x_a` and `x-a` would become the same variable (RFC 9110 §17.10). */
const TRANSLATABLE = /^[a-z0-9-]+$/;

/** The keys of the header names seen so far. Its size is limited, because clients choose the names and their case. */
const cache: Map<string, string | undefined> = new Map();
const CACHE_SIZE = 512;

/**
 * Returns the environ key of a request header, or `undefined` if the header must not be in the environ.
 *
 *     environKey("User-Agent")         → "HTTP_USER_AGENT"
 *     environKey("content-TYPE")       → "CONTENT_TYPE"
 *     environKey("X_Forwarded_For")    → undefined
 *     environKey("Proxy")              → undefined
 *     environKey(":path")              → undefined
 */
export function environKey(name: string): string | undefined {
  const known = cache.get(name);
  if (known !== undefined || cache.has(name)) return known;
  const key = translate(name);
  if (cache.size < CACHE_SIZE) cache.set(name, key);
  return key;
}

function translate(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (DROPPED.has(lower) || !TRANSLATABLE.test(lower)) return undefined;
  const key = lower.toUpperCase().replaceAll("-", "_");
  return BARE.has(lower) ? key : `HTTP_${key}`;
}

/** The keys of all known headers in which proxies describe a client: an application may trust any of them (CVE-2022-2255). */
const FORWARDED: ReadonlySet<string> = new Set([
  "HTTP_CF_CONNECTING_IP",
  "HTTP_CLIENT_IP",
  "HTTP_FORWARDED",
  "HTTP_FORWARDED_FOR",
  "HTTP_REMOTE_USER",
  "HTTP_TRUE_CLIENT_IP",
  "HTTP_X_CLIENT_IP",
  "HTTP_X_CLUSTER_CLIENT_IP",
  "HTTP_X_FORWARDED",
  "HTTP_X_HOST",
  "HTTP_X_HTTPS",
  "HTTP_X_REAL_IP",
  "HTTP_X_REMOTE_USER",
  "HTTP_X_SCRIPT_NAME",
  "HTTP_X_SCHEME",
]);

/**
 * True for a header that only a proxy should set, because it describes the client, its connection or the mount path.
 *
 *     isForwarded("HTTP_X_FORWARDED_FOR")  → true
 *     isForwarded("HTTP_X_REAL_IP")        → true
 *     isForwarded("HTTP_X_REQUEST_ID")     → false
 */
export function isForwarded(key: string): boolean {
  return key.startsWith("HTTP_X_FORWARDED_") || FORWARDED.has(key);
}
