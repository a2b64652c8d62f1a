/** `npm run setup`: its output when there is nothing to do, and when it fails. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensurePython, MODULES } from "../scripts/python-env.mjs";

const SCRIPTS = fileURLToPath(new URL("../scripts", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-setup-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the script from the repository, or from a copy of its folder. */
function setUp(env: NodeJS.ProcessEnv = {}, scripts = SCRIPTS): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(scripts, "setup-python.mjs")], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, output: stdout + stderr };
}

/** Creates a script that stands in for an interpreter. */
function fakePython(name: string, script: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

it("finds an interpreter that has the frameworks", () => {
  const { stdout } = spawnSync(ensurePython(), ["-c", `import ${MODULES.join(", ")}; print('all')`], {
    encoding: "utf8",
  });
  expect(stdout).toBe("all\n");
});

it("prints nothing when there is nothing to do", () => {
  setUp();
  expect(setUp()).toEqual({ status: 0, output: "" });
});

it("takes the interpreter that WSGI_BRIDGE_PYTHON names", () => {
  expect(setUp({ WSGI_BRIDGE_PYTHON: ensurePython() })).toEqual({ status: 0, output: "" });
});

it("refuses a WSGI_BRIDGE_PYTHON that cannot run", () => {
  const { status, output } = setUp({ WSGI_BRIDGE_PYTHON: "/no/such/python" });
  expect(status).toBe(1);
  expect(output).toBe(
    'WSGI_BRIDGE_PYTHON is "/no/such/python", which cannot run as Python 3. Set it to another interpreter, or unset it.\n',
  );
});

it("refuses a WSGI_BRIDGE_PYTHON without the frameworks, and prints what to install", () => {
  spawnSync("python3", ["-m", "venv", "--without-pip", join(folder, "empty")]);
  const python = join(folder, "empty", "bin", "python");
  const { status, output } = setUp({ WSGI_BRIDGE_PYTHON: python });
  expect(status).toBe(1);
  expect(output).toContain(`which lacks ${MODULES.join(", ")}.`);
  expect(output).toContain(`Run: ${python} -m pip install ${MODULES.join(" ")}`);
});

it("refuses a WSGI_BRIDGE_PYTHON that is too old", () => {
  const answer = { release: "3.7.17", supported: false, missing: [] };
  const { status, output } = setUp({ WSGI_BRIDGE_PYTHON: fakePython("old", `echo '${JSON.stringify(answer)}'`) });
  expect(status).toBe(1);
  expect(output).toContain("which is Python 3.7.17. Set it to Python 3.8 or later");
});

/** Whether Debian's Python has the frameworks. If so, setup never fails. */
const always = setUp({ WSGI_BRIDGE_PYTHON: "/usr/bin/python3" }).status === 0;

it.skipIf(always)("prints what to do when the frameworks cannot be installed", () => {
  const copy = join(folder, "copy", "scripts");
  cpSync(SCRIPTS, copy, { recursive: true });
  const { executable } = JSON.parse(
    spawnSync("python3", ["-c", "import json, sys; print(json.dumps({'executable': sys.executable}))"], {
      encoding: "utf8",
    }).stdout,
  ) as { executable: string };
  fakePython("bin/python3", `exec '${executable}' "$@"`);
  const PATH = join(folder, "bin"); // no apt-get, no sudo
  const { status, output } = setUp({ PATH, WSGI_BRIDGE_PYTHON: "", PIP_NO_INDEX: "1", PIP_FIND_LINKS: folder }, copy);
  expect(status).toBe(1);
  expect(output).toContain(`Python 3.8 or later with ${MODULES.join(", ")} is needed, and could not be installed:`);
  expect(output).toMatch(/- Python's package index: .*\n.*No matching distribution found for \w+/s);
  expect(output).toContain("- Debian's packages: ");
  expect(output).toContain("WSGI_BRIDGE_PYTHON=/path/to/python npm test");
});
