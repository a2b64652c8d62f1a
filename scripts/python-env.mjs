/** Finds and checks the Python interpreter with the frameworks for the tests, the demo and the benchmark. Installs nothing. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The packages to install, which are also the modules to import. */
export const MODULES = [
  "bottle",
  "flask",
  "django",
  "gunicorn",
  "waitress",
  "webob",
  "pyramid",
  "falcon",
  "cherrypy",
  "urllib3",
];
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
export const VENV = join(ROOT, ".venv");
export const VENV_PYTHON = join(VENV, "bin", "python");
/** Written last: an environment without this file is incomplete. */
export const STAMP = join(VENV, "wsgi-bridge.json");

/** Thrown if there is no usable interpreter. The message says what to do. */
export class PythonEnvError extends Error {}

/**
 * Returns the absolute path of an interpreter with the frameworks: `WSGI_BRIDGE_PYTHON` if set, else the one in `.venv`.
 *
 * @throws PythonEnvError
 */
export function ensurePython() {
  const named = process.env.WSGI_BRIDGE_PYTHON;
  if (named) return checkedPython(named);
  if (readStamp()?.requirements !== requirementsHash() || !existsSync(VENV_PYTHON)) {
    throw new PythonEnvError(`The Python environment in ${VENV} is missing or out of date. Run: npm run setup`);
  }
  return VENV_PYTHON;
}

/** Returns the content of the stamp file; undefined if it is missing or invalid. */
export function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return undefined;
  }
}

export function requirementsHash() {
  return createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
}

const PROBE = `
import importlib.util, json, sys
find = importlib.util.find_spec
print(json.dumps({
    "version": sys.version,
    "release": "%d.%d.%d" % sys.version_info[:3],
    "supported": sys.version_info >= (3, 8),
    "executable": sys.executable,
    "base": getattr(sys, "_base_executable", sys.executable),
    "missing": [name for name in sys.argv[1:] if find(name) is None],
    "ensurepip": find("ensurepip") is not None,
}))`;

/** Returns facts about an interpreter; undefined if it cannot run. */
export function probe(python) {
  const { status, stdout } = spawnSync(python, ["-c", PROBE, ...MODULES], { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function checkedPython(named) {
  const found = probe(named);
  const subject = `WSGI_BRIDGE_PYTHON is ${JSON.stringify(named)}`;
  if (found === undefined) {
    throw new PythonEnvError(`${subject}, which cannot run as Python 3. Set it to another interpreter, or unset it.`);
  }
  if (!found.supported) {
    throw new PythonEnvError(
      `${subject}, which is Python ${found.release}. Set it to Python 3.8 or later, or unset it.`,
    );
  }
  if (found.missing.length > 0) {
    throw new PythonEnvError(
      `${subject}, which lacks ${found.missing.join(", ")}. Run: ${named} -m pip install ${found.missing.join(" ")}\nor unset it.`,
    );
  }
  return found.executable;
}
