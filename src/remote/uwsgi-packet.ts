/** Encodes an environ for the uwsgi protocol: a header of four bytes, then the variables. Knows bytes; knows no connection. */
import { AppProtocolError, BadRequestError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";

/** The protocol has 16 bits for the size of all variables. */
const MAX_SIZE = 0xffff;
const NOT_LATIN1 = /[^\x00-\xff]/;
/** Set from the request itself, whatever value a header or middleware gave them. */
const OVERRIDDEN: ReadonlySet<string> = new Set(["REQUEST_METHOD", "HTTPS", "CONTENT_LENGTH"]);

/**
 * Returns all string values of an environ, as bytes in latin-1. Both modifiers are 0 (WSGI). Sizes are little-endian. The
 * server makes its own `wsgi.*` keys; only the scheme is sent, as CGI's HTTPS. REQUEST_METHOD comes first.
 *
 * @throws BadRequestError (431) if the variables take more than 64 KiB
 * @throws AppProtocolError if a string has characters above U+00FF, which middleware can cause
 */
export function encodePacket(environ: Environ, contentLength: number | undefined): string {
  let variables = variable("REQUEST_METHOD", environ.REQUEST_METHOD);
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== "string" || key.startsWith("wsgi.") || OVERRIDDEN.has(key)) continue;
    variables += variable(key, value);
  }
  if (environ["wsgi.url_scheme"] === "https") variables += variable("HTTPS", "on");
  if (contentLength !== undefined) variables += variable("CONTENT_LENGTH", String(contentLength));
  if (variables.length > MAX_SIZE) {
    throw new BadRequestError(
      `the variables of the request take ${variables.length} bytes; uwsgi carries at most ${MAX_SIZE}`,
      431,
    );
  }
  if (!NOT_LATIN1.test(variables)) return `\0${size(variables.length)}\0${variables}`;
  const key = Object.keys(environ).find((name) => NOT_LATIN1.test(name + String(environ[name])));
  throw new AppProtocolError(`environ.${key} has characters above U+00FF; PEP 3333 allows only bytes as latin-1`);
}

/** Returns the method of a packet from `encodePacket`: the first value. */
export function methodOf(packet: string): string {
  // The packet's header, then the name with its size, then the size of the value.
  const at = 4 + 2 + "REQUEST_METHOD".length + 2;
  return packet.slice(at, at + packet.charCodeAt(at - 2) + 256 * packet.charCodeAt(at - 1));
}

/** A value of more than 64 KiB makes the packet too long, and `encodePacket` rejects it as a whole. */
function variable(name: string, value: string): string {
  return size(name.length) + name + size(value.length) + value;
}

function size(count: number): string {
  return String.fromCharCode(count & 0xff, (count >> 8) & 0xff);
}
