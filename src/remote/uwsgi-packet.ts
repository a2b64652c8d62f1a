/** An environ as the uwsgi protocol carries it: a header of four bytes, then variables. Knows bytes; knows no connection. */
import { AppProtocolError, BadRequestError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";

/** The size of all variables is told in 16 bits. */
const LIMIT = 0xffff;
const NO_BYTE = /[^\x00-\xff]/;
/** Written by what is true on this side, whatever a header or a middleware said. */
const RESTATED: ReadonlySet<string> = new Set(["REQUEST_METHOD", "HTTPS", "CONTENT_LENGTH"]);

/**
 * All string values of an environ, as bytes in latin-1: modifiers 0 (WSGI), sizes with the low byte first. `wsgi.*` is made anew
 * on the other side: of it only the scheme travels, as CGI's HTTPS. REQUEST_METHOD comes first.
 *
 * @throws BadRequestError (431) for more than 64 KiB
 * @throws AppProtocolError when middleware put a string into the environ that is not bytes as latin-1
 */
export function encodePacket(environ: Environ, contentLength: number | undefined): string {
  let variables = variable("REQUEST_METHOD", environ.REQUEST_METHOD);
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== "string" || key.startsWith("wsgi.") || RESTATED.has(key)) continue;
    variables += variable(key, value);
  }
  if (environ["wsgi.url_scheme"] === "https") variables += variable("HTTPS", "on");
  if (contentLength !== undefined) variables += variable("CONTENT_LENGTH", String(contentLength));
  if (variables.length > LIMIT) {
    throw new BadRequestError(`the request's variables have ${variables.length} bytes; uwsgi carries ${LIMIT}`, 431);
  }
  if (!NO_BYTE.test(variables)) return `\0${size(variables.length)}\0${variables}`;
  const key = Object.keys(environ).find((name) => NO_BYTE.test(name + String(environ[name])));
  throw new AppProtocolError(`environ.${key} has characters above U+00FF; PEP 3333 carries bytes as latin-1`);
}

/** The method in a packet that `encodePacket` has made: its first value. */
export function methodOf(packet: string): string {
  const at = 4 + 2 + "REQUEST_METHOD".length + 2;
  return packet.slice(at, at + packet.charCodeAt(at - 2) + 256 * packet.charCodeAt(at - 1));
}

/** A length of more than 16 bits makes a packet that is too long, which is refused as a whole. */
function variable(name: string, value: string): string {
  return size(name.length) + name + size(value.length) + value;
}

function size(count: number): string {
  return String.fromCharCode(count & 0xff, (count >> 8) & 0xff);
}
