/** From the names of request headers to CGI's. Knows which names are never translated, and why. */

/** Consumed by the server (RFC 9110 §7.6.1), or dangerous as a variable: HTTP_PROXY is how httpoxy works. */
const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);

/** CGI has these two without `HTTP_`. */
const BARE: ReadonlySet<string> = new Set(["content-type", "content-length"]);

/** `x_a` and `x-a` would be one variable (RFC 9110 §17.10), so only letters, digits and `-` pass. */
const TRANSLATABLE = /^[a-z0-9-]+$/;

/** Spellings already seen. Bounded, since clients choose the spelling. */
const cache: Map<string, string | undefined> = new Map();
const CACHE_SIZE = 512;

/**
 * The environ key of a request header; `undefined` for one that must not be in the environ.
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

/** All synonyms of a category, since an application may believe any of them (CVE-2022-2255). */
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
 * Whether a key is of a header that only a proxy should set: who the client is, how it came, where the app is mounted.
 *
 *     isForwarded("HTTP_X_FORWARDED_FOR")  → true
 *     isForwarded("HTTP_X_REAL_IP")        → true
 *     isForwarded("HTTP_X_REQUEST_ID")     → false
 */
export function isForwarded(key: string): boolean {
  return key.startsWith("HTTP_X_FORWARDED_") || FORWARDED.has(key);
}
