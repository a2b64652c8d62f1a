/** Refuses requests that two parsers could read differently, and requests that are too large. */
import { BadRequestError } from "../errors.ts";
import { trimBlanks } from "./blanks.ts";
import type { RequestHead } from "./environ.ts";

/** Limits for a head. They matter only if Node's own limit of 16 KiB (`--max-http-header-size`) was raised. */
export const LIMITS: Readonly<Record<"fields" | "value" | "head" | "target", number>> = {
  /** The maximum number of header fields. */
  fields: 256,
  /** The maximum size of a field's value, in bytes. */
  value: 64 * 1024,
  /** The maximum size of all fields together, in bytes. */
  head: 256 * 1024,
  /** The maximum size of the request target, in bytes. */
  target: 64 * 1024,
};

/** RFC 3986 §3.2.2 and §3.2.3: an address in brackets or a name, then an optional port. May be empty. */
const HOST = /^(?:\[[0-9a-z:.%_~-]+\]|[a-z0-9._~%!$&'()*+,;=-]*)(?::\d*)?$/i;
const DIGITS = /^\d+$/;

/**
 * Checks a request head.
 *
 * @throws BadRequestError with the status 400, 414, 431 or 501
 */
export function vetHead(head: RequestHead): void {
  if (head.protocol === "HTTP/0.9") throw new BadRequestError("HTTP/0.9 is not supported: it has no headers");
  if (head.method === "CONNECT")
    throw new BadRequestError("CONNECT is not supported: a WSGI app cannot be a tunnel", 501);
  if (head.target.length > LIMITS.target) throw new BadRequestError("the request target is too long", 414);
  if (head.host !== undefined) vetHost(head.host);
  vetFields(head);
}

function vetFields({ rawHeaders, protocol }: RequestHead): void {
  if (rawHeaders.length / 2 > LIMITS.fields) throw new BadRequestError("the request has too many header fields", 431);
  let size = 0;
  let codings = "";
  let hasLength = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    size += name.length + value.length;
    if (value.length > LIMITS.value) throw new BadRequestError(`the header ${name} is too long`, 431);
    // Compares the length first: it differs for most names, and toLowerCase() costs more.
    if (name.length === 4 && name.toLowerCase() === "host") vetHost(value);
    else if (name.length === 14 && name.toLowerCase() === "content-length") hasLength = vetLength(value);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding")
      codings += `,${trimBlanks(value.toLowerCase())}`;
  }
  if (size > LIMITS.head) throw new BadRequestError("the request's header fields are too long", 431);
  if (codings !== "") vetCodings(codings.slice(1), hasLength, protocol);
}

function vetHost(host: string): void {
  if (!HOST.test(host)) throw new BadRequestError("Host is not a valid host (RFC 9112 §3.2)");
}

function vetLength(length: string): true {
  if (!DIGITS.test(length)) throw new BadRequestError("Content-Length is not a decimal number (RFC 9112 §6.3)");
  return true;
}

/** Allows only `chunked`. With another coding, the app would get an encoded body, whose end is uncertain (RFC 9112 §6.1). */
function vetCodings(codings: string, hasLength: boolean, protocol: string): void {
  if (hasLength) throw new BadRequestError("Content-Length and Transfer-Encoding exclude each other (RFC 9112 §6.3)");
  if (protocol === "HTTP/1.0") throw new BadRequestError("HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1)");
  if (codings !== "chunked") throw new BadRequestError("the only supported Transfer-Encoding is chunked", 501);
}
