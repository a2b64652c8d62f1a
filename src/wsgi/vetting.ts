/** Requests that are refused before an application sees them. Knows what two readers could understand differently. */
import { BadRequestError } from "../errors.ts";
import { trimBlanks } from "./blanks.ts";
import type { RequestHead } from "./environ.ts";

/** Node's own limit on all of a head is 16 KiB; these hold where somebody has raised it. */
export const LIMITS: Readonly<Record<"fields" | "value" | "head" | "target", number>> = {
  /** Header fields. */
  fields: 256,
  /** Bytes of one field's value. */
  value: 64 * 1024,
  /** Bytes of all fields. */
  head: 256 * 1024,
  /** Bytes of the request target. */
  target: 64 * 1024,
};

/** RFC 3986 §3.2.2 and §3.2.3: a bracketed address or a name, then a port. Empty is legal. */
const HOST = /^(?:\[[0-9a-z:.%_~-]+\]|[a-z0-9._~%!$&'()*+,;=-]*)(?::\d*)?$/i;
const DIGITS = /^\d+$/;

/** @throws BadRequestError 400, 414, 431 or 501 */
export function vetHead(head: RequestHead): void {
  if (head.protocol === "HTTP/0.9") throw new BadRequestError("HTTP/0.9 has no headers, and responses need them");
  if (head.method === "CONNECT") throw new BadRequestError("CONNECT asks for a tunnel, which no WSGI app can be", 501);
  if (head.target.length > LIMITS.target) throw new BadRequestError("the request target is too long", 414);
  if (head.host !== undefined) vetHost(head.host);
  vetFields(head);
}

function vetFields({ rawHeaders, protocol }: RequestHead): void {
  if (rawHeaders.length / 2 > LIMITS.fields) throw new BadRequestError("the request has too many header fields", 431);
  let size = 0;
  let codings = "";
  let sized = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    size += name.length + value.length;
    if (value.length > LIMITS.value) throw new BadRequestError(`the header ${name} is too long`, 431);
    // The length first: most names differ in it, and lower case costs more.
    if (name.length === 4 && name.toLowerCase() === "host") vetHost(value);
    else if (name.length === 14 && name.toLowerCase() === "content-length") sized = vetLength(value);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding")
      codings += `,${trimBlanks(value.toLowerCase())}`;
  }
  if (size > LIMITS.head) throw new BadRequestError("the request's header fields are too long", 431);
  if (codings !== "") vetCodings(codings.slice(1), sized, protocol);
}

function vetHost(host: string): void {
  if (!HOST.test(host)) throw new BadRequestError("Host is no host (RFC 9112 §3.2)");
}

function vetLength(length: string): true {
  if (!DIGITS.test(length)) throw new BadRequestError("Content-Length is not decimal digits (RFC 9112 §6.3)");
  return true;
}

/** Another coding than `chunked` would be passed on undecoded, and the body's end be guessed (RFC 9112 §6.1). */
function vetCodings(codings: string, sized: boolean, protocol: string): void {
  if (sized) throw new BadRequestError("Content-Length and Transfer-Encoding contradict each other (RFC 9112 §6.3)");
  if (protocol === "HTTP/1.0") throw new BadRequestError("HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1)");
  if (codings !== "chunked") throw new BadRequestError("the only Transfer-Encoding here is chunked", 501);
}
