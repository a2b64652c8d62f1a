import { describe, expect, it } from "vitest";
import { splitMount } from "../../src/from-wsgi/koa-exchange.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("splitMount", () => {
  it.each(docTable("src/from-wsgi/koa-exchange.ts", "splitMount"))("$call → $result", (row) =>
    expectDocRow(splitMount, row),
  );

  it.each([
    ["NODE-05", "/a/b/c", "/c", "/a/b", "/c", "mounts in mounts"],
    ["NODE-01", "/a/b", "/", "/a/b", "", "a mount without a trailing slash in a mount"],
    ["NODE-06", "/sl/x", "x", "/sl", "/x", "a mount that ends with a slash"],
    ["NODE-11", "", "/", "", "", "the target *"],
    ["ENV-08", "//a", "/a", "/", "/a", "an empty segment before the rest"],
    ["NODE-02", "/M%20x/a%2Fb", "/a%2Fb", "/M%20x", "/a%2Fb", "nothing is decoded"],
  ])("%s: splitMount(%j, %j) → %j and %j: %s", (_number, whole, rest, script, path) => {
    expect(splitMount(whole, rest)).toEqual({ script, path });
  });
});
