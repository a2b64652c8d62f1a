import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { BodyConsumedError } from "../../src/errors.ts";
import { type ParsedBody, rewriteBody } from "../../src/from-wsgi/parsed-body.ts";

/** A request with headers only: `rewriteBody` reads nothing else of it. */
const rewrite = (type: string | undefined, parsed: ParsedBody): Buffer => {
  const headers = type === undefined ? {} : { "content-type": type };
  return Buffer.from(rewriteBody({ headers } as IncomingMessage, parsed));
};

describe("rewriteBody", () => {
  it.each([
    ["application/json", { a: [1] }, '{"a":[1]}'],
    ["application/json", null, undefined],
    ["application/json", [], "[]"],
    ["application/json", false, "false"],
    ["application/json; charset=utf-8", { a: "ü" }, '{"a":"ü"}'],
    ["Application/Problem+JSON", { a: 1 }, '{"a":1}'],
    ["application/x-www-form-urlencoded", { a: ["1", "2"], b: { c: "ü" } }, "a=1&a=2&b%5Bc%5D=%C3%BC"],
    ["application/x-www-form-urlencoded", { "a b": "c&d=e+f" }, "a%20b=c%26d%3De%2Bf"],
    ["application/x-www-form-urlencoded", { a: { b: { c: "1" } } }, "a%5Bb%5D%5Bc%5D=1"],
    ["application/x-www-form-urlencoded", { a: [{ b: "1" }] }, "a%5B0%5D%5Bb%5D=1"],
    ["application/x-www-form-urlencoded", { a: "", b: null }, "a=&b="],
    ["application/x-www-form-urlencoded", {}, ""],
    ["text/plain", "ü", "ü"],
    ["text/plain; charset=ISO-8859-1", "ü", Buffer.from([0xfc])],
    ['text/plain; charset="utf-16le"', "ü", Buffer.from([0xfc, 0])],
    ["application/octet-stream", Buffer.from([1, 2]), Buffer.from([1, 2])],
    [undefined, Buffer.from([1, 2]), Buffer.from([1, 2])],
    ["application/xml", { a: 1 }, undefined],
    ["multipart/form-data; boundary=x", { a: 1 }, undefined],
    [undefined, {}, undefined],
    ["application/json", undefined, undefined],
  ])("NODE-22: for %s, the parsed body %j is written as %j", (type, body, expected) => {
    if (expected === undefined) expect(() => rewrite(type, { body })).toThrow(BodyConsumedError);
    else expect(rewrite(type, { body })).toEqual(Buffer.from(expected));
  });

  it("NODE-22: the original bytes are preferred to the parsed body", () => {
    const rawBody = Buffer.from('{ "a":1 }');
    expect(rewrite("application/json", { body: { a: 1 }, rawBody })).toEqual(rawBody);
    expect(rewrite("application/json", { body: { a: 1 }, rawBody: '{ "a":1 }' })).toEqual(rawBody);
    expect(rewrite("multipart/form-data", { rawBody: Buffer.from("x") })).toEqual(Buffer.from("x"));
  });

  it("NODE-22: a body that cannot be restored is an error that names the type and a solution", () => {
    expect(() => rewrite("application/xml; charset=x", { body: {} })).toThrow(/application\/xml.*mount the app before/);
    expect(() => rewrite(undefined, {})).toThrow(/without a Content-Type.*rawBody/);
  });

  it("SEC-20: the message does not contain the body", () => {
    expect(() => rewrite("application/xml", { body: { secret: "x" } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});
