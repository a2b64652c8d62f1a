/** Decides whether a response has a body, and which Content-Length it has. Knows methods and statuses; knows no stream. */
import type { HeaderList } from "./types.ts";

/** The lengths of a body that are available before it is sent, in bytes. */
export interface Lengths {
  /** The app's Content-Length. */
  readonly declared: number | undefined;
  /** The size of a body of one block, or 0 for a body without blocks. */
  readonly known: number | undefined;
}

/** How the client finds the end of the response. */
export interface Framing {
  /** True if no body follows the head. */
  readonly bodyless: boolean;
  /** The Content-Length to send. */
  readonly length: number | undefined;
}

/**
 * Returns whether a body follows the head, and the Content-Length to send (RFC 9110 §6.4.1, §8.6).
 *
 *     frame("GET", 200, { declared: undefined, known: 5 })  → { bodyless: false, length: 5 }
 *     frame("GET", 200, { declared: 9, known: 5 })          → { bodyless: false, length: 9 }
 *     frame("HEAD", 200, { declared: undefined, known: 0 }) → { bodyless: true, length: undefined }
 *     frame("HEAD", 200, { declared: 0, known: 0 })         → { bodyless: true, length: 0 }
 *     frame("GET", 204, { declared: 5, known: 5 })          → { bodyless: true, length: undefined }
 *     frame("GET", 205, { declared: 5, known: 5 })          → { bodyless: true, length: 0 }
 *     frame("GET", 304, { declared: 5, known: 0 })          → { bodyless: true, length: 5 }
 */
export function frame(method: string, code: number, { declared, known }: Lengths): Framing {
  if (code === 204) return { bodyless: true, length: undefined };
  if (code === 205) return { bodyless: true, length: 0 };
  if (code === 304) return { bodyless: true, length: declared };
  // If a response to HEAD has no blocks, the length of the response to GET is unknown.
  if (method === "HEAD") return { bodyless: true, length: declared ?? (known || undefined) };
  return { bodyless: false, length: declared ?? known };
}

/**
 * Returns the headers with the Content-Length `length`, or without a Content-Length if `length` is undefined.
 *
 * @param declared the Content-Length in `headers`
 */
export function withLength(headers: HeaderList, declared: number | undefined, length: number | undefined): HeaderList {
  if (declared === length) return headers;
  const others = headers.filter(([name]) => name.toLowerCase() !== "content-length");
  return length === undefined ? others : [...others, ["Content-Length", String(length)]];
}
