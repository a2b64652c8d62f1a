import { describe, expect, it } from "vitest";
import { BadRequestError } from "../../src/errors.ts";
import { percentDecode, splitTarget, targetAuthority } from "../../src/wsgi/path.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

const FILE = "src/wsgi/path.ts";

describe("splitTarget", () => {
  it.each(docTable(FILE, "splitTarget"))("$call → $result", (row) => expectDocRow(splitTarget, row));

  it.each([
    ["ENV-10", "/a", { path: "/a", query: "" }, "no query is an empty one"],
    ["ENV-10", "/a?", { path: "/a", query: "" }, "an empty query is an empty one"],
    ["ENV-10", "/a?x=%2f+%zz", { path: "/a", query: "x=%2f+%zz" }, "the query stays undecoded"],
    ["NODE-09", "/a?q#f", { path: "/a", query: "q" }, "a fragment is no part of the query"],
    ["NODE-09", "/#", { path: "/", query: "" }, "a fragment is no part of the path"],
    ["NODE-10", "http://h", { path: "/", query: "" }, "the path of an absolute form without one is /"],
    ["NODE-10", "HTTPS://u@h:8/a//b?c", { path: "/a//b", query: "c" }, "the scheme is case-insensitive"],
    ["NODE-10", "/http://h/a", { path: "/http://h/a", query: "" }, "a path may look like a URL"],
    ["NODE-11", "*?x", { path: "", query: "x" }, "the asterisk is never a path"],
    ["NODE-06", "", { path: "/", query: "" }, "a slash that a router has eaten is put back"],
    ["SEC-11", "/a/../b/./c", { path: "/a/../b/./c", query: "" }, "dot segments are kept"],
    ["SEC-11", "//a///b/", { path: "//a///b/", query: "" }, "empty segments are kept"],
    ["SEC-11", "/a;b/..;/c", { path: "/a;b/..;/c", query: "" }, "path parameters are kept"],
  ])("%s: splitTarget(%j) → %j: %s", (_number, target, expected) => {
    expect(splitTarget(target)).toEqual(expected);
  });
});

describe("targetAuthority", () => {
  it.each(docTable(FILE, "targetAuthority"))("$call → $result", (row) => expectDocRow(targetAuthority, row));

  it.each([
    ["http://h", "h"],
    ["http://h?x=//y/", "h"],
    ["http://h#f", "h"],
    ["https://[::1]:8/a", "[::1]:8"],
    ["*", undefined],
    ["a?http://h/", undefined],
  ])("NODE-10: targetAuthority(%j) → %j", (target, expected) => {
    expect(targetAuthority(target)).toBe(expected);
  });
});

describe("percentDecode", () => {
  it.each(docTable(FILE, "percentDecode"))("$call → $result", (row) => expectDocRow(percentDecode, row));

  it.each([
    ["NODE-08", "/%ff/%zz/%", "/\xff/%zz/%", "a % that begins no escape is itself"],
    ["NODE-08", "/a+b", "/a+b", "+ is no blank in a path"],
    ["NODE-08", "/%4", "/%4", "half an escape is none"],
    ["NODE-08", "/%e4%C3%a4", "/\xe4\xc3\xa4", "digits are hexadecimal in both cases"],
    ["SEC-11", "/%2e%2e/%2F", "/..//", "decoded, and not resolved"],
    ["SEC-11", "/%252e%25%32%65", "/%2e%2e", "decoded once"],
    ["SEC-11", "/a%5Cb", "/a\\b", "a backslash is a character"],
    ["SEC-11", "/%2500", "/%00", "what looks like NUL only after the decoding is text"],
    ["SEC-11", "/%0d%0a", "/\r\n", "line ends are bytes of the path"],
  ])("%s: percentDecode(%j) → %j: %s", (_number, path, expected) => {
    expect(percentDecode(path)).toBe(expected);
  });

  it("ENV-20: each escape is the byte it names, as latin-1", () => {
    for (let byte = 1; byte < 256; byte += 1) {
      const one = `%${byte.toString(16).padStart(2, "0")}`;
      expect([...Buffer.from(percentDecode(one), "latin1")]).toEqual([byte]);
    }
  });

  it.each(["/%00", "/a%00/b", "%00"])("SEC-11: %j is refused with 400", (path) => {
    expect(() => percentDecode(path)).toThrow(expect.objectContaining({ name: BadRequestError.name, status: 400 }));
  });
});
