/** The example of docs/remote-servers.md, as a reader runs it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { Page, ROOT } from "../../docs/page.ts";

it("loses no safe request when one of three backends is killed under load, and prints what the page shows", async () => {
  const program = join(ROOT, "examples/beyond-one-machine/run.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [program]); // rejects for an exit code that is not 0
  for (const engine of ["uWSGI", "gunicorn", "PHP-FPM"]) expect(stdout).toMatch(new RegExp(`${engine} answered [1-9]`));
  expect(stdout).toContain("uwsgi.sock: ");
  expect(stdout).toMatch(/gets no requests\n.*gunicorn\.sock: 0 failures, gets requests\n {2}lost: 0\n$/);
  const shape = (text: string): string[] =>
    text
      .replace(/\d+(\.\d+)?/g, "0")
      .split("\n")
      .toSorted(); // who answers first varies
  expect(shape(stdout)).toEqual(shape(new Page("docs/remote-servers.md").take("text", "lost: 0")));
});
