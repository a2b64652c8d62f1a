/** Content-Length: who has a body, and how long it is. Knows methods and statuses; knows no order of events. */
import type { HeaderList } from "./types.ts";

/** What the headers declare, and what is known without them: the size of an only block, or 0 at the end of no blocks. */
export interface Lengths {
  readonly declared: number | undefined;
  readonly known: number | undefined;
}

/** How a response's end is known. */
export interface Framing {
  readonly bodyless: boolean;
  readonly length: number | undefined;
}

/**
 * Which body follows which head, and which Content-Length it has (RFC 9110 §6.4.1, §8.6).
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
  // A HEAD answer without blocks says nothing of the length that GET would have.
  if (method === "HEAD") return { bodyless: true, length: declared ?? (known || undefined) };
  return { bodyless: false, length: declared ?? known };
}

/** The header list with the one Content-Length that is true, or with none. */
export function withLength(headers: HeaderList, declared: number | undefined, length: number | undefined): HeaderList {
  if (declared === length) return headers;
  const others = headers.filter(([name]) => name.toLowerCase() !== "content-length");
  return length === undefined ? others : [...others, ["Content-Length", String(length)]];
}
