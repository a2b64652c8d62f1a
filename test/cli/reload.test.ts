/** `wsgi-bridge serve --reload`: serves changed code, and keeps the old code if the new code cannot be imported. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Program } from "./program.ts";

it("serves changed code, keeps the old code while the new code fails to import, and serves the next change", async () => {
  const directory = mkdtempSync(join(tmpdir(), "wsgi-bridge-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const write = (source: string): void => writeFileSync(join(directory, "changing.py"), source);
  const app = (word: string): string =>
    `def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${word}"]\n`;
  write(app("one"));
  const program = Program.serve("changing:app", ["--reload", "--directory", directory]);
  const url = await program.url();
  const text = async (): Promise<string> => (await fetch(url)).text();
  expect(await text()).toBe("one");
  write(app("second"));
  await program.said(/its files have changed; the new code is running/);
  expect(await text()).toBe("second");
  write("import no_such_module\n");
  await program.said(/the old code keeps running/);
  expect(program.stderr.join("\n")).toMatch(/Traceback [\s\S]*ModuleNotFoundError: No module named 'no_such_module'/);
  expect(await text()).toBe("second");
  write(app("the third"));
  await expect.poll(text, { timeout: 15_000 }).toBe("the third");
});
