/**
 * `npm run setup:apps`: creates the Python environment of the foreign libraries and applications that the tests host, in
 * `.venv-apps`. Prints nothing if it exists. Everything comes from Python's package index. The interpreter is that of the other
 * tests, unless WSGI_BRIDGE_APPS_PYTHON names another one: it must be CPython 3.11 or later.
 */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { APPS_PYTHON, APPS_REQUIREMENTS, APPS_STAMP, APPS_VENV, appsHash, isAppsCurrent } from "./apps-env.mjs";
import { ensurePython } from "./python-env.mjs";

const PIP_INSTALL =
  "-m pip install -qq --no-deps --disable-pip-version-check --retries 2 --timeout 20 --requirement".split(" ");

if (!isAppsCurrent()) {
  console.log("Installing foreign libraries and applications for the tests into .venv-apps …");
  rmSync(APPS_VENV, { recursive: true, force: true });
  run(process.env.WSGI_BRIDGE_APPS_PYTHON || ensurePython(), ["-m", "venv", APPS_VENV]);
  run(APPS_PYTHON, [...PIP_INSTALL, APPS_REQUIREMENTS]);
  writeFileSync(APPS_STAMP, appsHash());
  console.log(`Done: ${APPS_PYTHON}`);
}

/** Runs a command with its output shown. Ends this program if it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}
