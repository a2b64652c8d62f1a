/**
 * `npm run setup`: makes the Python environment of tests, demo and benchmark in `.venv`; silent where there is one.
 * Knows where the frameworks can come from: Python's package index, or else Debian's packages.
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

/** Debian's own interpreter: the only one that sees Debian's packages. */
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

/** An index that cannot be reached must not hold up the other source for minutes, which pip's own defaults would. */
const PIP_INSTALL = "-m pip install -qq --disable-pip-version-check --retries 2 --timeout 20".split(" ");
/** Each source with the reason why it failed: the last message has them all. */
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

/** The `python3` of the stamp, not the one in `.venv`: another one on the PATH is a wish for another environment. */
function isCurrent({ requirements, python }) {
  const made = readStamp();
  return made?.requirements === requirements && made.python === python && canRun(VENV_PYTHON);
}

function fromIndex(python) {
  const source = "Python's package index";
  if (python === undefined) return failed(source, "there is no python3 on the PATH");
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

/** Debian's releases before 11 have Pythons and packages too old to be of use: better to learn it here. */
function isComplete(source) {
  const made = probe(VENV_PYTHON);
  if (made?.supported && made.missing.length === 0) return true;
  return failed(source, made === undefined ? "it cannot be run" : `${made.release} lacks ${made.missing.join(", ")}`);
}

function aptInstall(source, packages) {
  const [command, ...first] = process.getuid?.() === 0 ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  if (!canRun("apt-get")) return failed(source, `${packages.join(", ")} missing, and there is no apt-get`);
  return (
    attempt(source, command, [...first, "--quiet=2", "update"]) &&
    attempt(source, command, [...first, "--quiet=2", "--yes", "--no-install-recommends", "install", ...packages])
  );
}

function canRun(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Silent when it works; what the command said is kept for the last message when not. */
function attempt(source, command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status === 0) return true;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-6).join("\n    ");
  return failed(source, `${command} ${args.join(" ")}\n    ${said}`);
}

function failed(source, reason) {
  failures.push(`- ${source}: ${reason}`);
  return false;
}

function advice() {
  return `Python 3.8 or later with ${MODULES.join(", ")} is needed, and could not be had:

${failures.join("\n")}

Do one of these, then try again:
- make Python's package index reachable (pip's own settings, such as PIP_INDEX_URL, are used);
- on Debian or Ubuntu: apt-get install python3-venv, or ${DEBIAN_PACKAGES.join(" ")};
- install them into an interpreter of your own (pip install ${MODULES.join(" ")})
  and name it: WSGI_BRIDGE_PYTHON=/path/to/python npm test`;
}
