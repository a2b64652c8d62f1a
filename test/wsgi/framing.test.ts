import { describe, expect, it } from "vitest";
import { frame, withLength } from "../../src/wsgi/framing.ts";
import type { HeaderList } from "../../src/wsgi/types.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("frame", () => {
  it.each(docTable("src/wsgi/framing.ts", "frame"))("$call → $result", (row) => expectDocRow(frame, row));

  it.each([
    ["CL-07", "GET", 200, undefined, undefined, { bodyless: false, length: undefined }],
    ["REF-02", "GET", 404, undefined, 0, { bodyless: false, length: 0 }],
    ["CL-10", "HEAD", 200, 12345, 0, { bodyless: true, length: 12345 }],
    ["CL-10", "HEAD", 200, undefined, 5, { bodyless: true, length: 5 }],
    ["CL-10", "HEAD", 200, undefined, undefined, { bodyless: true, length: undefined }],
    ["CL-09", "HEAD", 204, 5, 5, { bodyless: true, length: undefined }],
    ["CL-09", "HEAD", 205, undefined, undefined, { bodyless: true, length: 0 }],
    ["CL-09", "GET", 304, undefined, 5, { bodyless: true, length: undefined }],
    ["ENV-05", "head", 200, undefined, 5, { bodyless: false, length: 5 }],
  ])("%s: %s with %i, declared %s, known %s → %j", (_number, method, code, declared, known, expected) => {
    expect(frame(method, code, { declared, known })).toEqual(expected);
  });
});

describe("withLength", () => {
  const HEADERS: HeaderList = [
    ["content-LENGTH", "5"],
    ["X-A", "b"],
  ];

  it("returns a list with the correct length unchanged", () => {
    expect(withLength(HEADERS, 5, 5)).toBe(HEADERS);
    expect(withLength([], undefined, undefined)).toEqual([]);
  });

  it("CL-09: removes a length that must not be sent, in any case", () => {
    expect(withLength(HEADERS, 5, undefined)).toEqual([["X-A", "b"]]);
  });

  it("CL-01: adds the length that is known, after the others", () => {
    expect(withLength([["X-A", "b"]], undefined, 3)).toEqual([
      ["X-A", "b"],
      ["Content-Length", "3"],
    ]);
  });

  it("CL-09: replaces a wrong length (205)", () => {
    expect(withLength(HEADERS, 5, 0)).toEqual([
      ["X-A", "b"],
      ["Content-Length", "0"],
    ]);
  });

  it("never changes the list that it got", () => {
    withLength(HEADERS, 5, 0);
    expect(HEADERS).toHaveLength(2);
  });
});
