/** Decides which responses have a body, and which Content-Length. Knows methods and statuses; knows no order of events. */
import type { HeaderList } from "./types.ts";

/** The length in the headers, and the length known without them: the size of the only block, or 0 without blocks. */
export interface Lengths {
  readonly declared: number | undefined;
  readonly known: number | undefined;
}

/** How the client finds the end of the response. */
export interface Framing {
  readonly bodyless: boolean;
  readonly length: number | undefined;
}

/**
 * Returns whether a body follows the head, and its Content-Length (RFC 9110 §6.4.1, §8.6).
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
  // A response to HEAD without blocks does not tell the length of the response to GET.
  if (method === "HEAD") return { bodyless: true, length: declared ?? (known || undefined) };
  return { bodyless: false, length: declared ?? known };
}

/** Returns the header list with this Content-Length, or without any. */
export function withLength(headers: HeaderList, declared: number | undefined, length: number | undefined): HeaderList {
  if (declared === length) return headers;
  const others = headers.filter(([name]) => name.toLowerCase() !== "content-length");
  return length === undefined ? others : [...others, ["Content-Length", String(length)]];
}
