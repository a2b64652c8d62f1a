/** HTTP responses as uWSGI and gunicorn send them: where they end, and which are invalid. */
import { expect, it } from "vitest";
import { HttpResponseReader } from "../../src/remote/http-reader.ts";
import { below, damage } from "../support/damage.ts";
import { seeded } from "../support/raw-mutations.ts";
import { latin1 } from "../support/records.ts";

interface Read {
  readonly heads: string[];
  body: string;
  whole: boolean;
}

/** Reads a response in pieces of `step` bytes, and then the end of the connection. */
function read(response: string, { method = "GET", step = response.length || 1 } = {}): Read {
  const found: Read = { heads: [], body: "", whole: false };
  const reader = new HttpResponseReader(method, {
    head: ({ status, headers }) => found.heads.push([status, ...headers.map((pair) => pair.join(": "))].join("|")),
    body: (slice) => {
      expect(slice.length).toBeGreaterThan(0);
      found.body += slice.toString("latin1");
    },
  });
  const bytes = latin1(response);
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  found.whole = reader.finish();
  return found;
}

const OK = "HTTP/1.1 200 OK\r\n";

const WHOLE: [what: string, response: string, head: string, body: string, method?: string][] = [
  ["a length", `${OK}Content-Length: 5\r\n\r\nhello`, "200 OK|Content-Length: 5", "hello"],
  ["a length, and more than that", `${OK}Content-Length: 5\r\n\r\nhello and more`, "200 OK|Content-Length: 5", "hello"],
  [
    "the same length twice",
    `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
    "200 OK|Content-Length: 1|Content-Length: 1",
    "a",
  ],
  ["the connection's end", "HTTP/1.0 200 OK\r\nX-A: b \r\n\r\nhello", "200 OK|X-A: b", "hello"],
  [
    "chunks",
    `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n`,
    "200 OK|Transfer-Encoding: chunked",
    "hello world",
  ],
  [
    "chunks and trailers",
    `${OK}Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX-T: u\r\n\r\n`,
    "200 OK|Transfer-Encoding: Chunked",
    "0123456789",
  ],
  ["nothing, for HEAD", `${OK}Content-Length: 5\r\n\r\n`, "200 OK|Content-Length: 5", "", "HEAD"],
  ["nothing, for 204", "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content", ""],
  [
    "nothing, for 304",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "304 Not Modified|Content-Length: 9",
    "",
  ],
  ["no reason", "HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n", "299 |Content-Length: 0", ""],
  [
    "an interim response before",
    `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 1\r\n\r\na`,
    "200 OK|Content-Length: 1",
    "a",
  ],
  [
    "an empty value, and bytes",
    `${OK}X-A:\r\nX-B: \xe9\r\nContent-Length: 0\r\n\r\n`,
    "200 OK|X-A: |X-B: \xe9|Content-Length: 0",
    "",
  ],
];

it.each(WHOLE)("a response with %s is complete", (_, response, head, body, method = "GET") => {
  for (const step of [response.length, 1, 3]) {
    expect(read(response, { method, step })).toEqual({ heads: [head], body, whole: true });
  }
});

it.each([
  ["no head", ""],
  ["half a head", `${OK}X-A: b\r\n`],
  ["less than its length", `${OK}Content-Length: 5\r\n\r\nhell`],
  ["no last chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ["half a chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`],
  ["no end of its trailers", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: u\r\n`],
  ["an interim response alone", "HTTP/1.1 100 Continue\r\n\r\n"],
])("a response with %s is not whole", (_, response) => {
  for (const step of [response.length || 1, 1]) expect(read(response, { step }).whole).toBe(false);
});

it.each([
  ["another protocol", "SSH-2.0-x\r\n\r\n"],
  ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["a folded line", `${OK}X-A: b\r\n c\r\n\r\n`],
  ["a line that is not a field", `${OK}nonsense\r\n\r\n`],
  ["a blank before the colon", `${OK}X-A : b\r\n\r\n`],
  ["a control character", `${OK}X-A: b\x00c\r\n\r\n`],
  ["a bare LF", `${OK}X-A: b\nX-C: d\r\n\r\n`],
  ["two lengths", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`],
  ["a length that is not a number", `${OK}Content-Length: +1\r\n\r\na`],
  ["a length and chunks", `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ["another coding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ["a chunk without a size", `${OK}Transfer-Encoding: chunked\r\n\r\nx\r\n`],
  ["a chunk that is longer than its size", `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`],
  ["a head without end", `${OK}X-A: ${"b".repeat(300_000)}`],
  ["a chunk's size without end", `${OK}Transfer-Encoding: chunked\r\n\r\n${"0".repeat(9000)}`],
])("a response with %s is an error", (_, response) => {
  for (const step of [response.length, 997]) expect(() => read(response, { step })).toThrow(RangeError);
});

it("WRK-05: 100,000 damaged responses: each is complete, incomplete or a RangeError, and has one head at most", () => {
  const random = seeded(20_261_125);
  const counts = { whole: 0, partial: 0, error: 0 };
  for (let n = 0; n < 100_000; n += 1) {
    const [, response, , , method = "GET"] = WHOLE[below(random, WHOLE.length)] as (typeof WHOLE)[number];
    const damaged = damage(random, response);
    try {
      const { heads, whole } = read(damaged, { method, step: 1 + below(random, 40) });
      expect(heads.length).toBeLessThanOrEqual(1);
      counts[whole ? "whole" : "partial"] += 1;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      counts.error += 1;
    }
  }
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(1000);
});
