/** Which interpreter runs an application, what the application sees of its virtual environment, and how errors name it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { AppImportError, InterpreterError, OptionError } from "../../src/index.ts";
import { findInterpreter } from "../../src/python/interpreter.ts";
import type { PythonAppOptions } from "../../src/python.ts";
import { hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

afterEach(() => vi.unstubAllEnvs());

function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), "wsgi-bridge-venv-")));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Creates a virtual environment whose interpreter does not exist. */
function brokenEnvironmentAt(path: string): void {
  mkdirSync(join(path, "bin"), { recursive: true });
  symlinkSync("/no/such/python", join(path, "bin", "python"));
}

function environmentAt(path: string): string {
  execFileSync("python3", ["-m", "venv", "--without-pip", path]);
  return path;
}

const ALL = [".venv", "venv", "env"];
const ACTIVE = "/active";

type Choice = [
  which: string,
  options: { python?: string; virtualenv?: string },
  there: string[],
  active: string | undefined,
  command: string,
  why: string,
];

const CHOICES: Choice[] = [
  ["the option python", { python: "pypy3" }, ALL, ACTIVE, "pypy3", "from the option python"],
  ["the option python as a path", { python: "/a/../b" }, ALL, ACTIVE, "/b", "from the option python"],
  [
    "the option virtualenv",
    { virtualenv: "env" },
    ALL,
    ACTIVE,
    "DIR/env/bin/python",
    "from the virtual environment that the option virtualenv names",
  ],
  [
    ".venv",
    {},
    ALL,
    ACTIVE,
    "DIR/.venv/bin/python",
    "from the virtual environment .venv in the application's directory",
  ],
  [
    "venv",
    {},
    ["venv", "env"],
    ACTIVE,
    "DIR/venv/bin/python",
    "from the virtual environment venv in the application's directory",
  ],
  ["env", {}, ["env"], ACTIVE, "DIR/env/bin/python", "from the virtual environment env in the application's directory"],
  ["VIRTUAL_ENV", {}, ["other"], ACTIVE, "/active/bin/python", "from the virtual environment that VIRTUAL_ENV names"],
  [
    "python3",
    {},
    ["other"],
    undefined,
    "python3",
    "from the PATH, because no option and no VIRTUAL_ENV names an interpreter and the application's directory has no virtual environment",
  ],
  ["python3, for an empty VIRTUAL_ENV", {}, [], "", "python3", "from the PATH"],
];

it.each(CHOICES)("prefers %s to the choices after it in this list", (_, options, there, active, command, why) => {
  const directory = folder();
  for (const name of there) brokenEnvironmentAt(join(directory, name));
  const found = findInterpreter({ ...options, directory, active });
  expect(found.command.replace(directory, "DIR")).toBe(command);
  expect(found.why.slice(0, why.length)).toBe(why);
});

it.each(ALL)("ignores a folder %s without an interpreter", (name) => {
  const directory = folder();
  mkdirSync(join(directory, name));
  expect(findInterpreter({ directory, active: undefined }).command).toBe("python3");
});

it.each([
  ["without an interpreter", { virtualenv: "." }, /virtualenv must be .*DIR\/bin\/python/],
  ["that does not exist", { virtualenv: "nothing" }, /virtualenv must be .*DIR\/nothing\/bin\/python/],
  ["without a name", { virtualenv: "" }, /virtualenv must be/],
  ["beside python", { virtualenv: "env", python: "python3" }, /python and virtualenv both name an interpreter/],
] as const)("rejects an option virtualenv %s at once", (_, options, says) => {
  const directory = folder();
  brokenEnvironmentAt(join(directory, "env"));
  try {
    findInterpreter({ ...options, directory, active: undefined });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message.replace(directory, "DIR")).toMatch(says);
  }
});

const APP = `
import json, os, subprocess, sys

def app(environ, start_response):
    python = subprocess.check_output(["python", "-c", "import sys; print(sys.prefix)"], universal_newlines=True)
    seen = {name: os.environ.get(name) for name in ("PATH", "VIRTUAL_ENV", "PYTHONHOME")}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(dict(seen, prefix=sys.prefix, started=python.strip())).encode()]
`;

async function seen(directory: string, options: PythonAppOptions = {}): Promise<unknown> {
  writeFileSync(join(directory, "shop.py"), APP);
  const { port } = await hostPython("shop:app", { directory, python: undefined, ...options });
  return JSON.parse((await rawGet(port, "/")).body);
}

/** What a process sees if its environment is activated. */
function activated(environment: string, path = process.env.PATH): unknown {
  const [prefix, VIRTUAL_ENV, started] = [environment, environment, environment];
  return { PATH: `${environment}/bin:${path}`, PYTHONHOME: null, prefix, started, VIRTUAL_ENV };
}

it.each([".venv", "venv", "env"])(
  "runs the application, and the programs that it starts, in %s of its directory",
  async (name) => {
    const directory = folder();
    vi.stubEnv("VIRTUAL_ENV", "/active");
    const environment = environmentAt(join(directory, name));
    expect(await seen(directory)).toEqual(activated(environment));
  },
);

it("runs it in the environment that the option names, even if there are others", async () => {
  const directory = folder();
  brokenEnvironmentAt(join(directory, ".venv"));
  const env = { PATH: "/usr/bin:/bin", VIRTUAL_ENV: "/active", PYTHONHOME: "/no/such/home" };
  const expected = activated(environmentAt(join(directory, "env")), env.PATH);
  expect(await seen(directory, { virtualenv: "env", env })).toEqual(expected);
});

it("runs it in the active environment", async () => {
  const environment = environmentAt(folder());
  vi.stubEnv("VIRTUAL_ENV", environment);
  expect(await seen(folder())).toEqual(activated(environment));
});

it("an interpreter from the option python is run without activating an environment", async () => {
  const directory = folder();
  const environment = environmentAt(join(directory, "env"));
  vi.stubEnv("VIRTUAL_ENV", environment);
  const python = join(environment, "bin", "python");
  expect(await seen(directory, { python })).toMatchObject({
    PATH: process.env.PATH,
    VIRTUAL_ENV: null,
    prefix: environment,
  });
});

async function failure(directory: string, options: PythonAppOptions = {}): Promise<Error> {
  const app = startPython("shop:app", { directory, python: undefined, ...options });
  return app.ready().then(
    () => new Error("it has started"),
    (reason: Error) => reason,
  );
}

it("the error of a failed import says which interpreter lacks the module, and where it comes from", async () => {
  const directory = folder();
  const environment = environmentAt(join(directory, ".venv"));
  writeFileSync(join(directory, "shop.py"), "import not_installed\n");
  const error = await failure(directory);
  expect(error).toBeInstanceOf(AppImportError);
  expect(error.message).toContain(
    `(${environment}/bin/python, from the virtual environment .venv in the application's directory)`,
  );
});

it.each([
  [".venv", {}, undefined, "DIR/.venv/bin/python", "from the virtual environment .venv in the application's directory"],
  ["VIRTUAL_ENV", {}, "/gone", "/gone/bin/python", "from the virtual environment that VIRTUAL_ENV names"],
  ["the option python", { python: "/no/python" }, undefined, "/no/python", "from the option python"],
] as const)("a missing interpreter of %s is an error that names it; no other interpreter is tried", async (...row) => {
  const [which, options, active, command, why] = row;
  const directory = folder();
  if (which === ".venv") brokenEnvironmentAt(join(directory, which));
  vi.stubEnv("VIRTUAL_ENV", active);
  const error = await failure(directory, options);
  expect(error).toBeInstanceOf(InterpreterError);
  expect(error.message.replace(directory, "DIR")).toContain(
    `"${command}" (${why}) cannot be run: ENOENT; install Python`,
  );
});

it("the error of an interpreter that ends too early says where the interpreter comes from", async () => {
  const error = await failure(folder(), { python: "/bin/false" });
  expect(error).toBeInstanceOf(InterpreterError);
  expect(error.message).toMatch(/"\/bin\/false" \(from the option python\) ended with code 1 before it loaded/);
});
