/** Refuses invalid environs, before `toWsgi` makes a request from them. */
import { EnvironError } from "../errors.ts";
import type { Environ } from "./types.ts";

/** `form` describes the pattern in the error message. */
type Rule = readonly [key: string, pattern: RegExp, form: string];

/** Strings that every request needs. Those in `OPTIONAL` may be missing: PEP 3333 allows that for empty values. */
const REQUIRED: readonly Rule[] = [
  ["REQUEST_METHOD", /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "a token (RFC 9110 §9.1)"],
  ["SERVER_NAME", /^[\x21-\x7e\x80-\xff]+$/, "a name or an address"],
  ["SERVER_PORT", /^\d+$/, "decimal digits"],
  ["SERVER_PROTOCOL", /^HTTP\/\d+(\.\d+)?$/, '"HTTP/1.1" or the like'],
  ["wsgi.url_scheme", /^https?$/, '"http" or "https"'],
];

const OPTIONAL: readonly Rule[] = [
  [
    "SCRIPT_NAME",
    /^(\/[^\u0100-\uffff]*[^/\u0100-\uffff])?$/s,
    '"", or a path of bytes that begins with / and does not end with it',
  ],
  ["PATH_INFO", /^(\/[^\u0100-\uffff]*)?$/s, '"", or a path of bytes that begins with /'],
  ["QUERY_STRING", /^[\x21\x22\x24-\x7e\x80-\xff]*$/, "bytes without spaces, control characters and #"],
  ["CONTENT_LENGTH", /^\d*$/, "decimal digits"],
];

const HEADER_KEY = /^HTTP_[A-Z0-9_]+$/;
/** No control character except HTAB, so that no value can start another header line. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HEADER_FORM = "bytes as latin-1 without control characters";

/**
 * Checks only the keys from which the request is made.
 *
 * @throws EnvironError that names the key and the expected value
 */
export function vetEnviron(environ: Environ): void {
  if (typeof environ !== "object" || environ === null) throw new EnvironError("the environ is not an object");
  for (const [key, pattern, form] of REQUIRED) vet(environ, key, pattern, form);
  for (const [key, pattern, form] of OPTIONAL) if (environ[key] !== undefined) vet(environ, key, pattern, form);
  for (const key in environ) {
    if (key.startsWith("HTTP_")) vetHeader(environ, key);
    else if (key === "CONTENT_TYPE") vetHeader(environ, key);
  }
  if (typeof environ["wsgi.input"]?.read !== "function") throw refusal("wsgi.input", "a stream with read()", "none");
  if (typeof environ["wsgi.errors"]?.write !== "function")
    throw refusal("wsgi.errors", "a stream with write()", "none");
}

function vet(environ: Environ, key: string, pattern: RegExp, form: string): void {
  const value = environ[key];
  if (typeof value === "string" && pattern.test(value)) return;
  throw refusal(key, form, typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeName(value));
}

function vetHeader(environ: Environ, key: string): void {
  if (environ[key] === undefined) return; // middleware in JavaScript may remove a header this way
  if (key !== "CONTENT_TYPE" && !HEADER_KEY.test(key))
    throw refusal(key, "absent: it is not the name of a header", "a value");
  const value = environ[key];
  if (typeof value === "string" && HEADER_VALUE.test(value)) return;
  // Does not show the value: it may be a session cookie, and messages go to logs.
  throw refusal(key, HEADER_FORM, typeof value === "string" ? "other characters" : typeName(value));
}

function refusal(key: string, form: string, got: string): EnvironError {
  return new EnvironError(
    `environ[${JSON.stringify(key)}] must be ${form}, got ${got}; the server, or middleware around toWsgi(), has set it`,
  );
}

function typeName(value: unknown): string {
  return value === undefined ? "nothing" : value === null ? "null" : typeof value;
}
