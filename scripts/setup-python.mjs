/**
 * `npm run setup`: creates the Python environment of the tests, the demo and the benchmark in `.venv`. Prints nothing if it
 * exists. Installs the frameworks from Python's package index, or else from Debian's packages.
 */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import {
  ensurePython,
  MODULES,
  PythonEnvError,
  probe,
  REQUIREMENTS,
  readStamp,
  requirementsHash,
  STAMP,
  VENV,
  VENV_PYTHON,
} from "./python-env.mjs";

/** Debian's own interpreter, the only one that finds Debian's packages. */
const DEBIAN_PYTHON = "/usr/bin/python3";
const DEBIAN_PACKAGES = [
  "python3",
  "python3-bottle",
  "python3-flask",
  "python3-django",
  "gunicorn",
  "python3-waitress",
  "python3-webob",
  "python3-pyramid",
  "python3-falcon",
  "python3-cherrypy3",
  "python3-urllib3",
];

/** Shorter timeouts than pip's defaults, which would delay the other source for minutes if the index is unreachable. */
const PIP_INSTALL = "-m pip install -qq --disable-pip-version-check --retries 2 --timeout 20".split(" ");
/** Why each source failed. The final message lists them all. */
const failures = [];

try {
  if (process.env.WSGI_BRIDGE_PYTHON) ensurePython();
  else setUp();
} catch (error) {
  if (!(error instanceof PythonEnvError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function setUp() {
  const python = probe("python3");
  const stamp = { requirements: requirementsHash(), python: python?.version ?? "none" };
  if (isCurrent(stamp)) return;
  if (!fromIndex(python) && !fromDebian()) throw new PythonEnvError(advice());
  writeFileSync(STAMP, `${JSON.stringify(stamp, null, 2)}\n`);
  console.log(`Done: ${VENV_PYTHON}`);
}

/** Compares with the `python3` on the PATH, because another one there calls for another environment. */
function isCurrent({ requirements, python }) {
  const made = readStamp();
  return made?.requirements === requirements && made.python === python && canRun(VENV_PYTHON);
}

function fromIndex(python) {
  const source = "Python's package index";
  if (python === undefined) return failed(source, "python3 is not on the PATH");
  if (!python.supported) return failed(source, `python3 is ${python.release}; 3.8 or later is needed`);
  console.log(`Python ${python.release}: installing ${MODULES.join(", ")} into .venv from ${source} …`);
  if (!python.ensurepip && !aptInstall(source, ["python3-venv"])) return false;
  return (
    makeVenv(source, python.base, []) &&
    attempt(source, VENV_PYTHON, [...PIP_INSTALL, "--requirement", REQUIREMENTS]) &&
    isComplete(source)
  );
}

function fromDebian() {
  const source = "Debian's packages";
  if (probe(DEBIAN_PYTHON)?.missing.length !== 0) {
    console.log(`Installing ${MODULES.join(", ")} from ${source} instead …`);
    if (!aptInstall(source, DEBIAN_PACKAGES)) return false;
  }
  return makeVenv(source, DEBIAN_PYTHON, ["--system-site-packages", "--without-pip"]) && isComplete(source);
}

function makeVenv(source, python, options) {
  rmSync(VENV, { recursive: true, force: true });
  return attempt(source, python, ["-m", "venv", ...options, VENV]);
}

/** Checks the result, because releases before Debian 11 have a Python and packages that are too old. */
function isComplete(source) {
  const made = probe(VENV_PYTHON);
  if (made?.supported && made.missing.length === 0) return true;
  return failed(
    source,
    made === undefined ? "the interpreter cannot run" : `${made.release} lacks ${made.missing.join(", ")}`,
  );
}

function aptInstall(source, packages) {
  const [command, ...first] = process.getuid?.() === 0 ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  if (!canRun("apt-get")) return failed(source, `${packages.join(", ")} missing, and apt-get is not available`);
  return (
    attempt(source, command, [...first, "--quiet=2", "update"]) &&
    attempt(source, command, [...first, "--quiet=2", "--yes", "--no-install-recommends", "install", ...packages])
  );
}

function canRun(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Runs a command without showing its output. Keeps the end of the output for the final message if it fails. */
function attempt(source, command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status === 0) return true;
  const output = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-6).join("\n    ");
  return failed(source, `${command} ${args.join(" ")}\n    ${output}`);
}

function failed(source, reason) {
  failures.push(`- ${source}: ${reason}`);
  return false;
}

function advice() {
  return `Python 3.8 or later with ${MODULES.join(", ")} is needed, and could not be installed:

${failures.join("\n")}

Do one of these and try again:
- make Python's package index reachable (pip's settings, such as PIP_INDEX_URL, are used);
- on Debian or Ubuntu: apt-get install python3-venv, or ${DEBIAN_PACKAGES.join(" ")};
- install them into your own interpreter (pip install ${MODULES.join(" ")})
  and set WSGI_BRIDGE_PYTHON: WSGI_BRIDGE_PYTHON=/path/to/python npm test`;
}
