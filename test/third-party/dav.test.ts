/** WsgiDAV, driven by litmus, the test suite for WebDAV servers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { underGunicorn } from "./gunicorn.ts";
import { PLACES, useSite } from "./hosting.ts";
import { run } from "./run.ts";

const SUMMARY = /summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed/g;

interface Report {
  readonly code: number | null;
  /** Of each group of tests: how many ran, passed and failed. */
  readonly groups: string[][];
  readonly warnings: string[];
}

async function litmus(url: string, folder: string): Promise<Report> {
  const { code, output } = await run("litmus", ["--keep-going", `${url}/`], { folder }); // writes its logs into the folder
  const groups = [...output.matchAll(SUMMARY)].map((match) => match.slice(1));
  return { code, groups, warnings: output.match(/WARNING: .*/g) ?? [] };
}

describe.each(PLACES)("WsgiDAV in $name", (place) => {
  const site = useSite(place, "dav:app");

  it("passes all tests of litmus, with the warnings that gunicorn gets", async () => {
    const folder = join(site.folder, "under-gunicorn");
    mkdirSync(folder);
    const gunicorn = await underGunicorn("dav:app", place, folder);
    onTestFinished(() => gunicorn.close());
    const expected = await litmus(gunicorn.url + place.path, folder);

    const report = await litmus(site.url, site.folder);

    expect(report).toEqual({ ...expected, code: 0 });
    expect(report.groups.map(([name]) => name)).toEqual(["basic", "copymove", "props", "locks", "http"]);
    for (const [, ran, passed, failed] of report.groups) expect([passed, failed]).toEqual([ran, "0"]);
  });
});
