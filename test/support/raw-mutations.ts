/** Makes malformed requests from valid ones, the same for the same seed. Knows bytes; knows nothing of HTTP. */

/** Returns random numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/** Returns a Mulberry32 generator: small, fast, and the same on every platform. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes one or two changes to one of `requests`. Text is Latin-1: one character per byte. */
export function malform(random: Random, requests: readonly string[]): string {
  let request = pick(random, requests);
  for (let changes = 1 + below(random, 2); changes > 0; changes -= 1) {
    request = pick(random, CHANGES)(request, random, requests);
  }
  return request;
}

type Change = (request: string, random: Random, requests: readonly string[]) => string;

/** Text that parsers often handle wrongly. */
const FRAGMENTS: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "\0",
  "\x0b",
  "\x7f",
  "\xff",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "%",
  "%00",
  "//",
  "0",
  "f",
  "\r\nContent-Length: 3",
  "\r\nTransfer-Encoding: chunked",
  "\r\nTransfer-Encoding: gzip",
  "\r\nHost: two",
  "\r\nConnection: close",
  "\r\nUpgrade: x\r\nConnection: upgrade",
  "\r\nExpect: 100-continue",
  "\r\nExpect: x",
];

const CHANGES: readonly Change[] = [
  (request, random) => splice(request, below(random, request.length), 1, String.fromCharCode(below(random, 256))),
  (request, random) => splice(request, below(random, request.length), 1, String.fromCharCode(0x2f + below(random, 80))),
  (request, random) => splice(request, below(random, request.length), 0, pick(random, FRAGMENTS)),
  (request, random) => splice(request, below(random, request.length), 1 + below(random, 5), ""),
  (request, random) => request.slice(0, below(random, request.length + 1)),
  (request, random, requests) => request.slice(0, below(random, request.length + 1)) + pick(random, requests),
  (request, random, requests) => request + pick(random, requests),
  (request, random) => {
    const lines = request.split("\r\n");
    lines.splice(below(random, lines.length), 0, pick(random, lines)); // repeats or moves a line
    return lines.join("\r\n");
  },
  (request, random) => {
    const lines = request.split("\r\n");
    lines.splice(below(random, lines.length), 1);
    return lines.join("\r\n");
  },
];

function splice(text: string, at: number, remove: number, insert: string): string {
  return text.slice(0, at) + insert + text.slice(at + remove);
}

function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}
