/** Finds the Python environment of the foreign libraries and applications that the tests host. Installs nothing. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PythonEnvError, ROOT } from "./python-env.mjs";

export const APPS_REQUIREMENTS = fileURLToPath(new URL("requirements-apps.txt", import.meta.url));
export const APPS_VENV = join(ROOT, ".venv-apps");
export const APPS_PYTHON = join(APPS_VENV, "bin", "python");
/** Written last, with the hash of the requirements: an environment without this file is incomplete. */
export const APPS_STAMP = join(APPS_VENV, "wsgi-bridge.txt");

export function appsHash() {
  return createHash("sha256").update(readFileSync(APPS_REQUIREMENTS)).digest("hex");
}

/** True if the environment exists and has what the requirements name. */
export function isAppsCurrent() {
  return existsSync(APPS_PYTHON) && existsSync(APPS_STAMP) && readFileSync(APPS_STAMP, "utf8") === appsHash();
}

/**
 * Returns the absolute path of the environment's interpreter.
 *
 * @throws PythonEnvError
 */
export function ensureAppsPython() {
  if (isAppsCurrent()) return APPS_PYTHON;
  throw new PythonEnvError(`The Python environment in ${APPS_VENV} is missing or out of date. Run: npm run setup:apps`);
}
