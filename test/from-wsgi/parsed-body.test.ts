import type { IncomingMessage } from "node:http";
import { parse as parseForm } from "qs";
import { describe, expect, it } from "vitest";
import { BodyConsumedError } from "../../src/errors.ts";
import { type ParsedBody, rewriteBody } from "../../src/from-wsgi/parsed-body.ts";

/** A request with headers only: `rewriteBody` reads nothing else of it. */
const rewrite = (type: string | undefined, parsed: ParsedBody): Buffer => {
  const headers = type === undefined ? {} : { "content-type": type };
  return Buffer.from(rewriteBody({ headers } as IncomingMessage, parsed).bytes);
};

describe("rewriteBody", () => {
  it.each([
    ["application/json", { a: [1] }, '{"a":[1]}'],
    ["application/json", null, "null"],
    ["application/json", "a", '"a"'],
    ["application/json", 1.5, "1.5"],
    ["application/x-www-form-urlencoded", { a: ["1"] }, "a%5B%5D=1"],
    ["application/x-www-form-urlencoded", { "a[]": ["1", "2"] }, "a%5B%5D=1&a%5B%5D=2"],
    ["application/x-www-form-urlencoded; charset=iso-8859-1", { a: "ü" }, "a=%FC"],
    ["application/json; charset=utf-16le", { a: "ü" }, Buffer.from('{"a":"ü"}', "utf16le")],
    ["application/json; charset=utf-16be", [1], Buffer.from([0, 0x5b, 0, 0x31, 0, 0x5d])],
    ["application/json; charset=utf-16", [], Buffer.from("\ufeff[]", "utf16le")],
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

  it.each([["a=1&a=2&b[c]=+"], ["a[]=1&a[]=2&b[c]=+"], ["a%5B%5D=1&a%5B%5D=2&b%5Bc%5D=%20"], ["a[b][]=1&a[b][]=2"]])(
    "a form that qs has parsed is written as it came if its length tells how: %s",
    (sent) => {
      const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": `${sent.length}` };
      const { bytes } = rewriteBody({ headers } as unknown as IncomingMessage, { body: parseForm(sent) });
      expect(Buffer.from(bytes).toString()).toBe(sent);
    },
  );

  it("the JSON text of a text parser stays as it is", () => {
    const headers = { "content-type": "application/json", "content-length": "7" };
    const { bytes } = rewriteBody({ headers } as unknown as IncomingMessage, { body: '{"a":1}' });
    expect(Buffer.from(bytes).toString()).toBe('{"a":1}');
  });

  it.each([
    ["text/plain; charset=koi8-r", "ж", "text/plain; charset=utf-8", "ж"],
    ["text/plain; charset=iso-8859-1", "ж", "text/plain; charset=utf-8", "ж"],
    ["text/plain; charset=us-ascii", "ü", "text/plain; charset=utf-8", "ü"],
    ['application/json; charset="utf-32"; x=y', ["ü"], "application/json; charset=utf-8; x=y", '["ü"]'],
    [
      "application/x-www-form-urlencoded; charset=iso-8859-1",
      { a: "ж" },
      "application/x-www-form-urlencoded; charset=utf-8",
      "a=%D0%B6",
    ],
    ["application/json", ["ü"], undefined, '["ü"]'],
    ["text/plain; charset=iso-8859-1", "ü", undefined, "\ufffd"],
  ])("for %s, the body %j is written in a charset that the Content-Type names: %s", (type, body, expected, text) => {
    const rewritten = rewriteBody({ headers: { "content-type": type } } as IncomingMessage, { body });
    expect([rewritten.type, Buffer.from(rewritten.bytes).toString()]).toEqual([expected, text]);
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
