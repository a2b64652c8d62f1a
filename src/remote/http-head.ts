/** The head of an HTTP/1 response, and what it says of the body. Knows RFC 9112 as text; knows no connection. */
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { trimBlanks } from "../wsgi/blanks.ts";
import type { HeaderPair } from "../wsgi/types.ts";

/** Where the body ends: after so many bytes, after the last chunk, or with the connection. */
export type Framing = number | "chunked" | "close";

export interface HttpHead extends CgiHead {
  readonly code: number;
  readonly framing: Framing;
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** The blanks around the value are of the value here: a pattern that has a choice of where they belong tries them all. */
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
const DIGITS = /^\d{1,15}$/;

/**
 * Reads a head: lines end with CR LF, a field is one line, and nothing may be understood in two ways.
 *
 * @param text without the empty line
 * @param method of the request: what answers HEAD has no body
 * @throws RangeError for what is no head, or says two things of the body
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
    throw new RangeError("the response head has a line that is no header field");
  }
  return [name, trimBlanks(value)];
}

/** RFC 9112 §6.3, without what is left to a guess there. */
function framingOf(headers: readonly HeaderPair[]): Framing {
  const values = (wanted: string): string[] =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.toLowerCase());
  const codings = values("transfer-encoding");
  const lengths = values("content-length");
  if (codings.length > 0) {
    if (codings.length > 1 || codings[0] !== "chunked" || lengths.length > 0) {
      throw new RangeError("Transfer-Encoding is not chunked alone");
    }
    return "chunked";
  }
  const [length] = lengths;
  if (length === undefined) return "close";
  if (!DIGITS.test(length) || lengths.some((other) => other !== length)) {
    throw new RangeError("Content-Length is no number, or there are two");
  }
  return Number(length);
}
