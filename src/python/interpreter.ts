/** Chooses the Python interpreter that runs the application. Looks at files; runs nothing. */
import { lstatSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { OptionError } from "../errors.ts";

/** The chosen interpreter. It has not been run yet. */
export interface Interpreter {
  /** A command on the PATH, or an absolute path. */
  readonly command: string;
  /** Where it comes from, for error messages: words that can follow "the interpreter". */
  readonly why: string;
  /** The folder of its virtual environment; undefined if it was not taken from one. */
  readonly virtualenv: string | undefined;
}

/** Everything that the choice depends on. */
export interface InterpreterOptions {
  readonly python?: string | undefined;
  readonly virtualenv?: string | undefined;
  /** The application's folder, an absolute path. */
  readonly directory: string;
  /** The virtual environment that is active in Node's own environment: the value of its VIRTUAL_ENV. */
  readonly active: string | undefined;
}

/** The usual names of a virtual environment inside the application's directory, the most likely name first. */
const USUAL_NAMES = [".venv", "venv"] as const;

/**
 * Returns the first of these that exists: the option `python`; the option `virtualenv`; `.venv` and then `venv` in the
 * directory; the active environment; `python3`.
 *
 * @throws OptionError if both options are given, or if `virtualenv` is not a virtual environment
 */
export function findInterpreter({ python, virtualenv, directory, active }: InterpreterOptions): Interpreter {
  if (python !== undefined) {
    if (virtualenv !== undefined)
      throw new OptionError("the options python and virtualenv both name an interpreter; give only one of them");
    return fromPythonOption(python);
  }
  if (virtualenv !== undefined) return fromVirtualenvOption(virtualenv, directory);
  for (const name of USUAL_NAMES) {
    const folder = join(directory, name);
    if (hasPython(folder)) {
      return inVirtualenv(folder, `from the virtual environment ${name} in the application's directory`);
    }
  }
  // Used even if the folder no longer exists: the user expects this environment, and the start error will name it.
  if (active) return inVirtualenv(resolve(active), "from the virtual environment that VIRTUAL_ENV names");
  return {
    command: "python3",
    why: "from the PATH, because no option and no VIRTUAL_ENV names an interpreter and the application's directory has no virtual environment",
    virtualenv: undefined,
  };
}

/**
 * Returns `env` with the changes that activating the virtual environment makes: its programs come first on the PATH, and
 * VIRTUAL_ENV is its folder. PYTHONHOME is removed, because it would point the interpreter to other libraries.
 */
export function activate(
  env: Readonly<Record<string, string>>,
  { virtualenv }: Interpreter,
): Readonly<Record<string, string>> {
  if (virtualenv === undefined) return env;
  const { PYTHONHOME: _, PATH: path, ...rest } = env;
  const bin = join(virtualenv, "bin");
  return { ...rest, PATH: path ? `${bin}${delimiter}${path}` : bin, VIRTUAL_ENV: virtualenv };
}

function fromPythonOption(python: string): Interpreter {
  if (typeof python !== "string" || python === "") throw new OptionError("python must be a command name or a path");
  const command = python.includes("/") ? resolve(python) : python;
  return { command, why: "from the option python", virtualenv: undefined };
}

function fromVirtualenvOption(virtualenv: string, directory: string): Interpreter {
  if (typeof virtualenv !== "string" || virtualenv === "") {
    throw new OptionError("virtualenv must be the path of a folder");
  }
  const folder = resolve(directory, virtualenv);
  if (!hasPython(folder)) {
    throw new OptionError(
      `virtualenv must be the folder of a virtual environment; ${join(folder, "bin", "python")} does not exist`,
    );
  }
  return inVirtualenv(folder, "from the virtual environment that the option virtualenv names");
}

function inVirtualenv(virtualenv: string, why: string): Interpreter {
  return { command: join(virtualenv, "bin", "python"), why, virtualenv };
}

/** A dangling symbolic link counts as well: the environment exists but is broken, and skipping it would hide that. */
function hasPython(virtualenv: string): boolean {
  return lstatSync(join(virtualenv, "bin", "python"), { throwIfNoEntry: false }) !== undefined;
}
