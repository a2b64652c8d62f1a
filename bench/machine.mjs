/** The machine and the versions, without which a figure cannot be reproduced. Contains no host name and no path. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem, type } from "node:os";

const NODE_PACKAGES = ["express", "http-proxy-middleware", "autocannon"];
const PYTHON_PACKAGES = ["bottle", "gunicorn", "waitress", "urllib3"];
const PROGRAMS = ["uwsgi"];

export function machine() {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return { system: type(), arch: process.arch, cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), memory };
}

/** @param {string} python @returns {Record<string, string>} */
export function versions(python) {
  const node = NODE_PACKAGES.map((name) => [name, packageVersion(`../node_modules/${name}/package.json`)]);
  return {
    "wsgi-bridge": packageVersion("../package.json"),
    node: process.versions.node,
    ...Object.fromEntries(node),
    ...pythonVersions(python),
    ...Object.fromEntries(PROGRAMS.map((name) => [name, programVersion(name) ?? "none"])),
  };
}

/** @param {string} name @returns {string | undefined} undefined if the program is not installed */
export function programVersion(name) {
  const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function packageVersion(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version;
}

const PROBE = `
import json, platform, sys
from importlib.metadata import version
print(json.dumps({"python": platform.python_version(), **{name: version(name) for name in sys.argv[1:]}}))`;

function pythonVersions(python) {
  return JSON.parse(execFileSync(python, ["-c", PROBE, ...PYTHON_PACKAGES], { encoding: "utf8" }));
}
