/** From the head that Node's own response writes to what `startResponse` takes. Knows HTTP/1's form; knows no stream. */
import { HOP_BY_HOP } from "../wsgi/response-head.ts";
import type { HeaderPair } from "../wsgi/types.ts";

export interface CapturedHead {
  /** `"DDD reason"`. */
  readonly status: string;
  readonly headers: HeaderPair[];
}

/** In place of a head that ends no exchange of WSGI's. */
export const NOT_IMPLEMENTED: CapturedHead = { status: "501 Not Implemented", headers: [["Content-Length", "0"]] };

const VERSION = "HTTP/1.1 ".length;

/** True for the head of an interim response, which WSGI knows not (PEP 3333, "HTTP 1.1 Expect/Continue"). */
export function isInterim(head: string): boolean {
  return head.charCodeAt(VERSION) === 0x31;
}

/**
 * Reads a head without its empty line. Node has checked every name and value, so that the lines are what they seem.
 * Fields that belong to the connection are left out: they are the outer server's.
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
