/** Where the Python interpreter with the frameworks is, for tests, demo and benchmark. Knows how to find and to check it; makes nothing. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The packages to install and the modules to import have the same names. */
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
/** Written last, so that an environment without it is half-made. */
export const STAMP = join(VENV, "wsgi-bridge.json");

/** Thrown when no interpreter will do; the message says what to do. */
export class PythonEnvError extends Error {}

/**
 * The absolute path of an interpreter that has the frameworks: `WSGI_BRIDGE_PYTHON`, else the one `npm run setup` made.
 *
 * @throws PythonEnvError
 */
export function ensurePython() {
  const named = process.env.WSGI_BRIDGE_PYTHON;
  if (named) return checkedPython(named);
  if (readStamp()?.requirements !== requirementsHash() || !existsSync(VENV_PYTHON)) {
    throw new PythonEnvError(`There is no Python environment in ${VENV} yet, or an old one. Run: npm run setup`);
  }
  return VENV_PYTHON;
}

/** What the stamp says of the environment; undefined where there is none to be trusted. */
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

/** What an interpreter says of itself; undefined if it cannot be run. */
export function probe(python) {
  const { status, stdout } = spawnSync(python, ["-c", PROBE, ...MODULES], { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function checkedPython(named) {
  const found = probe(named);
  const blame = `WSGI_BRIDGE_PYTHON is ${JSON.stringify(named)}`;
  if (found === undefined) {
    throw new PythonEnvError(`${blame}, which cannot be run as Python 3. Name another interpreter, or unset it.`);
  }
  if (!found.supported) {
    throw new PythonEnvError(`${blame}, which is Python ${found.release}. Name Python 3.8 or later, or unset it.`);
  }
  if (found.missing.length > 0) {
    throw new PythonEnvError(
      `${blame}, which lacks ${found.missing.join(", ")}. Run: ${named} -m pip install ${found.missing.join(" ")}\nor unset it.`,
    );
  }
  return found.executable;
}
