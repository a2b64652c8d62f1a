/** Checks the arguments of `startResponse` by the rules of PEP 3333 and RFC 9110. Does not know the order of calls. */
import { AppProtocolError } from "../errors.ts";
import type { HeaderList, HeaderPair } from "./types.ts";

/** A response head that has passed all checks. */
export interface ResponseHead {
  /** 200 to 999. */
  readonly code: number;
  /** May be empty. */
  readonly reason: string;
  /** A copy, because the application may change its own list later. */
  readonly headers: HeaderList;
  /** The declared Content-Length, in bytes. */
  readonly contentLength: number | undefined;
}

/** `DDD reason`; the reason is latin-1 without control characters. */
const STATUS = /^([2-9]\d\d) ([\x20-\x7e\x80-\xff]*)$/;
/** RFC 9110 §5.6.2, `token`. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
/** Control characters except HTAB, and characters above U+00FF. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^\d+$/;

/** The maximum size of a head, in bytes. Heads from Python processes and remote servers have the same limit. */
export const RESPONSE_HEAD_LIMIT: number = 256 * 1024;

/** Headers of the connection, which only the server may set (RFC 9110 §7.6.1; PEP 3333, "Other HTTP Features"). */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
]);

/** The fields that `statusField` has made. */
const statusFields: WeakSet<HeaderPair> = new WeakSet();

/**
 * Returns a header named Status, in any case, that `parseHead` accepts. From WSGI apps in JavaScript it refuses such headers.
 * Apps of other servers may send them, and to clients they mean nothing.
 */
export function statusField(name: string, value: string): HeaderPair {
  const field: HeaderPair = [name, value];
  statusFields.add(field);
  return field;
}

/**
 * Checks a status and a header list, and copies them.
 *
 *     parseHead("200 OK", [["X", "y"]])  → { code: 200, reason: "OK", … }
 *     parseHead("404 ", [])              → { code: 404, reason: "", … }
 *     parseHead("200", [])               → AppProtocolError: the space is missing
 *     parseHead("100 Continue", [])      → AppProtocolError: not a final status
 *     parseHead("200 OK", [["Connection", "close"]]) → AppProtocolError: hop-by-hop
 *
 * @throws AppProtocolError that names the broken rule
 */
export function parseHead(status: string, headers: readonly HeaderPair[]): ResponseHead {
  const match = typeof status === "string" ? STATUS.exec(status) : null;
  if (match === null) {
    throw new AppProtocolError(
      `startResponse: the status must be "DDD reason" with DDD from 200 to 999, got ${show(status)}`,
    );
  }
  if (!Array.isArray(headers)) {
    throw new AppProtocolError(`startResponse: the headers must be an array of [name, value], got ${show(headers)}`);
  }
  const copy: HeaderPair[] = [];
  let contentLength: number | undefined;
  let size = status.length;
  for (const pair of headers) {
    const [name, value] = checkPair(pair);
    size += name.length + value.length + FIELD_OVERHEAD;
    if (name.length === CONTENT_LENGTH.length && name.toLowerCase() === CONTENT_LENGTH) {
      if (contentLength !== undefined) throw new AppProtocolError("startResponse: Content-Length is given twice");
      contentLength = parseLength(value);
    }
    copy.push([name, value]);
  }
  if (size > RESPONSE_HEAD_LIMIT) {
    throw new AppProtocolError(
      `startResponse: status and headers have ${size} bytes; the limit is ${RESPONSE_HEAD_LIMIT} bytes`,
    );
  }
  return { code: Number(match[1]), reason: match[2] as string, headers: copy, contentLength };
}

const CONTENT_LENGTH = "content-length";
/** The colon, the space, CR and LF of each header line, in bytes. */
const FIELD_OVERHEAD = 4;

function checkPair(pair: unknown): HeaderPair {
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || typeof pair[1] !== "string") {
    throw new AppProtocolError(`startResponse: each header must be [name, value], both strings, got ${show(pair)}`);
  }
  const [name, value] = pair as HeaderPair;
  if (!sendableName(name) && !statusFields.has(pair as HeaderPair)) throw new AppProtocolError(refusal(name));
  const bad = value.search(BAD_VALUE);
  if (bad !== -1) {
    // Shows only the bad character: the value may be a session cookie, and messages go to logs.
    throw new AppProtocolError(
      `startResponse: the value of ${name} contains ${show(value[bad])}; header values must not contain control characters or characters above U+00FF`,
    );
  }
  return [name, value];
}

/** A cache of valid names, because applications send the same names again and again. */
const validNames: Set<string> = new Set();
const CACHE_SIZE = 512;

function sendableName(name: string): boolean {
  if (validNames.has(name)) return true;
  const lower = name.toLowerCase();
  if (!TOKEN.test(name) || HOP_BY_HOP.has(lower) || lower === "status") return false;
  if (validNames.size < CACHE_SIZE) validNames.add(name);
  return true;
}

function refusal(name: string): string {
  if (!TOKEN.test(name)) return `startResponse: ${show(name)} is not a valid header name (RFC 9110 §5.6.2, token)`;
  if (name.toLowerCase() === "status")
    return "startResponse: Status is not a header; pass the status as the first argument";
  return `startResponse: ${name} is hop-by-hop, so only the server may set it (PEP 3333, "Other HTTP Features")`;
}

function parseLength(value: string): number {
  const length = DIGITS.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) {
    throw new AppProtocolError(`startResponse: Content-Length must be decimal digits, got ${show(value)}`);
  }
  return length;
}

/** Returns a value for a message: on one line, without control characters, and not too long. */
function show(value: unknown): string {
  if (typeof value !== "string") return Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
  const text = JSON.stringify(value.slice(0, 80));
  return text.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
