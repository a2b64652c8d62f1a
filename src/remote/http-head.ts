/** Parses the head of an HTTP/1 response, and finds where the body ends. Knows RFC 9112 as text; knows no connection. */
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { trimBlanks } from "../wsgi/blanks.ts";
import type { HeaderPair } from "../wsgi/types.ts";

/** Where the body ends: after this number of bytes, after the last chunk, or when the connection closes. */
export type Framing = number | "chunked" | "close";

export interface HttpHead extends CgiHead {
  readonly code: number;
  readonly framing: Framing;
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** The value includes the spaces around it. With several ways to match spaces, the pattern could backtrack for very long. */
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
const DIGITS = /^\d{1,15}$/;

/**
 * Parses a head strictly: lines end with CR LF, a field is one line, and anything ambiguous is an error.
 *
 * @param text the head without the empty line
 * @param method the request's method: a response to HEAD has no body
 * @throws RangeError if the head is invalid, or ambiguous about the length of the body
 */
export function readHttpHead(text: string, method: string): HttpHead {
  const [first = "", ...lines] = text.split("\r\n");
  const [, digits, reason = ""] = STATUS_LINE.exec(first) ?? [];
  if (digits === undefined) throw new RangeError("the response does not begin with a status line");
  const headers = lines.map(readField);
  const code = Number(digits);
  const framing = code < 200 || code === 204 || code === 304 || method === "HEAD" ? 0 : framingOf(headers);
  return { status: `${digits} ${reason}`, headers, length: text.length + 4, code, framing };
}

function readField(line: string): HeaderPair {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    throw new RangeError("a line of the response head is not a header field");
  }
  return [name, trimBlanks(value)];
}

/** RFC 9112 §6.3, but without its lenient cases. */
function framingOf(headers: readonly HeaderPair[]): Framing {
  const values = (wanted: string): string[] =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.toLowerCase());
  const codings = values("transfer-encoding");
  const lengths = values("content-length");
  if (codings.length > 0) {
    if (codings.length > 1 || codings[0] !== "chunked" || lengths.length > 0) {
      throw new RangeError("Transfer-Encoding must be chunked, and without a Content-Length");
    }
    return "chunked";
  }
  const [length] = lengths;
  if (length === undefined) return "close";
  if (!DIGITS.test(length) || lengths.some((other) => other !== length)) {
    throw new RangeError("Content-Length is not a number, or differs between two fields");
  }
  return Number(length);
}
