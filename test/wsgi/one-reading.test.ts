/** Which targets all parsers read alike: checked against `parseurl`, whose reading is that of Express, Connect and Koa. */
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlain, readsAlike, splitAgreed } from "../../src/wsgi/one-reading.ts";
import { splitTarget } from "../../src/wsgi/path.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";
import { target } from "../support/targets.ts";

const FILE = "src/wsgi/one-reading.ts";
/** As Express has it: the module is no dependency of this package, and its types are nowhere. */
const parseurl = createRequire(createRequire(import.meta.url).resolve("express"))("parseurl") as (
  req: Pick<IncomingMessage, "url">,
) => { pathname: string | null };

describe("ISO-13: one reading", () => {
  it.each(docTable(FILE, "isPlain"))("$call → $result", (row) => expectDocRow(isPlain, row));
  it.each(docTable(FILE, "readsAlike"))("$call → $result", (row) => expectDocRow(readsAlike, row));

  it("whatever reads alike, parseurl reads as we do", () => {
    fc.assert(
      fc.property(target, (url) => {
        if (!readsAlike(url) || url === "*") return;
        expect(parseurl({ url }).pathname).toBe(splitTarget(url).path);
      }),
      { numRuns: 3000 },
    );
  });

  it("where the framework says another path, there is none", () => {
    expect(splitAgreed("/a#f", { path: "/a" })).toEqual({ path: "/a", query: "" });
    expect(splitAgreed("/a#f", {})).toEqual({ path: "/a", query: "" });
    expect(() => splitAgreed("/a#f", { path: "/b" })).toThrow("two ways");
    expect(() => splitAgreed("http://h;/a", {})).toThrow("two ways");
  });
});
