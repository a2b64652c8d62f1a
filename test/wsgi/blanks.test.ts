import { describe, expect, it } from "vitest";
import { trimBlanks } from "../../src/wsgi/blanks.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("trimBlanks", () => {
  it.each(docTable("src/wsgi/blanks.ts", "trimBlanks"))("$call → $result", (row) => expectDocRow(trimBlanks, row));

  it.each([
    ["", ""],
    [" \t ", ""],
    ["a", "a"],
  ])("trimBlanks(%j) → %j", (text, trimmed) => expect(trimBlanks(text)).toBe(trimmed));
});
