/** A site with the npm package in its node_modules, and Python programs that use it. Knows folders; knows no server. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { ensurePython } from "../../../scripts/python-env.mjs";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PYTHON_PACKAGE = join(ROOT, "python");

/** Creates a folder with the app of `apps/server.mjs` and what it imports. It is deleted when the test ends. */
export function makeSite(files: Readonly<Record<string, string>> = {}): string {
  const site = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-"));
  onTestFinished(() => rmSync(site, { recursive: true, force: true }));
  const installed = join(site, "node_modules", "wsgi-bridge");
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(ROOT, "dist"), join(installed, "dist"));
  const exports = { "./node-app": "./dist/servers/node-app/main.js" };
  writeFileSync(join(installed, "package.json"), JSON.stringify({ name: "wsgi-bridge", type: "module", exports }));
  for (const name of ["express", "koa"])
    symlinkSync(join(ROOT, "node_modules", name), join(site, "node_modules", name));
  cpSync(fileURLToPath(new URL("apps", import.meta.url)), site, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(site, name), text);
  return site;
}

/** The environment in which Python finds wsgi_bridge. */
export const PYTHON_ENV: NodeJS.ProcessEnv = { ...process.env, PYTHONPATH: PYTHON_PACKAGE };

/** Runs a Python program in the site, after `from calls import *`. Returns the lines of its stdout. */
export async function runPython(site: string, program: string): Promise<string[]> {
  const args = ["-c", `from calls import *\n${program}`];
  const { stdout } = await promisify(execFile)(ensurePython(), args, { cwd: site, env: PYTHON_ENV });
  return stdout.trimEnd().split("\n");
}
