/** The example of the chapter "Beyond one machine", as a reader runs it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("loses no safe request when one of three backends is killed under load", async () => {
  const program = fileURLToPath(new URL("../../../examples/beyond-one-machine/run.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program]); // rejects for an exit code that is not 0
  for (const engine of ["uWSGI", "gunicorn", "PHP-FPM"]) expect(stdout).toMatch(new RegExp(`${engine} answered [1-9]`));
  expect(stdout).toContain("uwsgi.sock: ");
  expect(stdout).toMatch(/gets no requests\n.*gunicorn\.sock: 0 failures, gets requests\n {2}lost: 0\n$/);
});
