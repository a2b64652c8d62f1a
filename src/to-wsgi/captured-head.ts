/** Parses the head that Node's `ServerResponse` writes, for `startResponse`. Knows HTTP/1 syntax; knows no stream. */
import { HOP_BY_HOP } from "../wsgi/response-head.ts";
import type { HeaderPair } from "../wsgi/types.ts";

/** A response head in the form of `startResponse`. */
export interface CapturedHead {
  /** `"DDD reason"`. */
  readonly status: string;
  readonly headers: HeaderPair[];
}

/** Replaces a final response with a 1xx status, which WSGI cannot express. */
export const NOT_IMPLEMENTED: CapturedHead = { status: "501 Not Implemented", headers: [["Content-Length", "0"]] };

const VERSION = "HTTP/1.1 ".length;

/** Whether this is the head of a 1xx response, which WSGI does not support (PEP 3333, "HTTP 1.1 Expect/Continue"). */
export function isInterim(head: string): boolean {
  return head.charCodeAt(VERSION) === 0x31;
}

/**
 * Parses a head without its final empty line. Node has validated every name and value, so splitting at line ends is safe.
 * Leaves out hop-by-hop fields: the outer server sends its own.
 *
 *     "HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: close" → { status: "200 OK", headers: [["X-A", "1"]] }
 */
export function readHead(text: string): CapturedHead {
  const lines = text.split("\r\n");
  const headers: HeaderPair[] = [];
  for (let i = 1; i < lines.length; i += 1) {
    const line = lines[i] as string;
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon);
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push([name, line.slice(colon + 2)]);
  }
  return { status: (lines[0] as string).slice(VERSION).replaceAll("\t", " "), headers };
}

export function declaresLength({ headers }: CapturedHead): boolean {
  return headers.some(([name]) => name.length === 14 && name.toLowerCase() === "content-length");
}
