import { expect, it } from "vitest";
import { BadRequestError } from "../../src/errors.ts";
import type { RequestHead } from "../../src/wsgi/environ.ts";
import { LIMITS, vetHead } from "../../src/wsgi/vetting.ts";
import { requestHead } from "../support/heads.ts";

const host = (value: string): Partial<RequestHead> => ({ rawHeaders: ["Host", value] });
const fields = (...rawHeaders: string[]): Partial<RequestHead> => ({ rawHeaders });
const repeat = (count: number, ...field: string[]): Partial<RequestHead> =>
  fields(...Array.from({ length: count }, () => field).flat());

it.each([
  ["SEC-10", "a name with a port", host("a-b.example:80")],
  ["SEC-10", "an IPv6 address", host("[::1]:8080")],
  ["SEC-10", "an IPv6 address with a zone", host("[fe80::1%25eth0]")],
  ["SEC-10", "an empty host (RFC 9112 §3.2)", host("")],
  ["SEC-10", "a host with an empty port", host("a:")],
  ["SEC-12", "a length", fields("Content-Length", "007")],
  ["SEC-12", "chunked in any case", fields("Transfer-Encoding", "Chunked")],
  ["SEC-15", "as many fields as are allowed", repeat(LIMITS.fields, "X-A", "b")],
  ["SEC-15", "a value as long as is allowed", fields("X-A", "b".repeat(LIMITS.value))],
  ["SEC-15", "a target as long as is allowed", { target: `/${"a".repeat(LIMITS.target - 1)}` }],
])("%s: lets pass %s", (_number, _title, parts) => {
  expect(() => vetHead(requestHead(parts))).not.toThrow();
});

it.each([
  ["SEC-10", 400, "a host with a slash", host("a/b")],
  ["SEC-10", 400, "a host with a user", host("u@a")],
  ["SEC-10", 400, "a host with a blank", host("a b")],
  ["SEC-10", 400, "a host with a question mark", host("a?b")],
  ["SEC-10", 400, "a host with a number sign", host("a#b")],
  ["SEC-10", 400, "a host with a backslash", host("a\\b")],
  ["SEC-10", 400, "a port that is no number", host("a:b")],
  ["SEC-10", 400, "two ports", host("a:1:2")],
  ["SEC-10", 400, "an open bracket", host("[::1")],
  ["SEC-10", 400, "a list of hosts", host("a, b")],
  ["SEC-10", 400, "a host beyond ASCII", host("\xe9")],
  ["SEC-10", 400, "a target's authority that is no host", { host: "u@a" }],
  ["ENV-12", 400, "a length with a sign", fields("Content-Length", "+5")],
  ["ENV-12", 400, "a negative length", fields("content-length", "-5")],
  ["ENV-12", 400, "a list of lengths", fields("Content-Length", "5, 5")],
  ["ENV-12", 400, "a hexadecimal length", fields("Content-Length", "0x5")],
  ["ENV-12", 400, "an empty length", fields("Content-Length", "")],
  ["SEC-12", 501, "a coding besides chunked", fields("Transfer-Encoding", "gzip, chunked")],
  ["SEC-12", 501, "another coding", fields("Transfer-Encoding", "identity")],
  ["SEC-12", 501, "chunked twice", fields("Transfer-Encoding", "chunked", "transfer-encoding", "chunked")],
  ["SEC-12", 400, "chunked on HTTP/1.0", { protocol: "HTTP/1.0", ...fields("Transfer-Encoding", "chunked") }],
  ["REF-07", 400, "HTTP/0.9", { protocol: "HTTP/0.9" }],
  ["NODE-11", 501, "CONNECT", { method: "CONNECT" }],
  ["SEC-15", 414, "a target too long", { target: `/${"a".repeat(LIMITS.target)}` }],
  ["SEC-15", 431, "too many fields", repeat(LIMITS.fields + 1, "X-A", "b")],
  ["SEC-15", 431, "a value too long", fields("X-A", "b".repeat(LIMITS.value + 1))],
  ["SEC-15", 431, "fields too long together", repeat(8, "X-A", "b".repeat(LIMITS.head / 8))],
] as [string, number, string, Partial<RequestHead>][])("%s: answers %i to %s", (_number, status, _title, parts) => {
  expect(() => vetHead(requestHead(parts))).toThrow(expect.objectContaining({ name: BadRequestError.name, status }));
});
