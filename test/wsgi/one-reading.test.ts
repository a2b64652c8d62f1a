/** The targets that all parsers read alike, checked against `parseurl`, which Express, Connect and Koa use. */
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlain, readsAlike, splitAgreed } from "../../src/wsgi/one-reading.ts";
import { splitTarget } from "../../src/wsgi/path.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";
import { target } from "../support/targets.ts";

const FILE = "src/wsgi/one-reading.ts";
/** Loaded as a dependency of Express: it is not one of this package, and has no types. */
const parseurl = createRequire(createRequire(import.meta.url).resolve("express"))("parseurl") as (
  req: Pick<IncomingMessage, "url">,
) => { pathname: string | null };

describe("ISO-13: one reading", () => {
  it.each(docTable(FILE, "isPlain"))("$call → $result", (row) => expectDocRow(isPlain, row));
  it.each(docTable(FILE, "readsAlike"))("$call → $result", (row) => expectDocRow(readsAlike, row));

  it("if readsAlike accepts a target, parseurl reads it as this package does", () => {
    fc.assert(
      fc.property(target, (url) => {
        if (!readsAlike(url) || url === "*") return;
        expect(parseurl({ url }).pathname).toBe(splitTarget(url).path);
      }),
      { numRuns: 3000 },
    );
  });

  it("a path that differs from the framework's is an error", () => {
    expect(splitAgreed("/a#f", { path: "/a" })).toEqual({ path: "/a", query: "" });
    expect(splitAgreed("/a#f", {})).toEqual({ path: "/a", query: "" });
    expect(() => splitAgreed("/a#f", { path: "/b" })).toThrow("two ways");
    expect(() => splitAgreed("http://h;/a", {})).toThrow("two ways");
  });
});
