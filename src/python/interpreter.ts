/** Chooses the Python interpreter that runs the application. Runs nothing. */
import { delimiter, join, resolve } from "node:path";
import { OptionError } from "../errors.ts";
import { absolutePath, pathOption } from "./path-option.ts";
import { foldersAbove, isTaken, lookAt, USUAL_NAMES } from "./virtualenv.ts";

/** The chosen interpreter. It has not been run yet. */
export interface Interpreter {
  /** A command on the PATH, or an absolute path. */
  readonly command: string;
  /** Where it comes from, for error messages: words that can follow "the interpreter". */
  readonly why: string;
  /** The folder of its virtual environment; undefined if it was not taken from one. */
  readonly virtualenv: string | undefined;
  /** Why `python3` of the system has to do, as words that can follow "because"; undefined if another interpreter was found. */
  readonly fallback: string | undefined;
}

/** Everything that the choice depends on. */
export interface InterpreterOptions {
  readonly python?: string | URL | undefined;
  readonly virtualenv?: string | URL | undefined;
  /** The application's folder, an absolute path. */
  readonly directory: string;
  /** The virtual environment that is active in Node's own environment: the value of its VIRTUAL_ENV. */
  readonly active: string | undefined;
}

/**
 * Returns the first of these that exists: the option `python`; the option `virtualenv`; `.venv`, `venv` or `env` in the
 * directory; `.venv` in a folder above it, within the project; the active environment; `python3`.
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
  const faults: string[] = [];
  for (const [path, where] of usualPlaces(directory)) {
    const { folder, fault } = lookAt(path);
    if (folder !== undefined) return inVirtualenv(folder, `from the virtual environment ${where}`);
    if (isTaken(path)) faults.push(fault);
  }
  // Used even if the folder no longer exists: the user expects this environment, and the start error will name it.
  if (active) return inVirtualenv(resolve(active), "from the virtual environment that VIRTUAL_ENV names");
  return {
    command: "python3",
    why: "from the PATH, because no option and no VIRTUAL_ENV names an interpreter and the application's directory has no virtual environment",
    virtualenv: undefined,
    fallback: faults.length === 0 ? "there is no virtual environment" : faults.join(", and "),
  };
}

/** Returns where environments usually are, and how to say it. */
function usualPlaces(directory: string): readonly (readonly [path: string, where: string])[] {
  return [
    ...USUAL_NAMES.map((name) => [join(directory, name), `${name} in the application's directory`] as const),
    ...foldersAbove(directory).map((folder) => [join(folder, ".venv"), `.venv in ${folder}`] as const),
  ];
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

function fromPythonOption(option: string | URL): Interpreter {
  const python = pathOption("python", option);
  if (python === "") throw new OptionError("python must be a command name or a path");
  const command = python.includes("/") ? absolutePath("python", python) : python;
  return { command, why: "from the option python", virtualenv: undefined, fallback: undefined };
}

function fromVirtualenvOption(option: string | URL, directory: string): Interpreter {
  const virtualenv = pathOption("virtualenv", option);
  if (virtualenv === "") throw new OptionError("virtualenv must be the path of a folder");
  const { folder, fault } = lookAt(resolve(directory, virtualenv));
  if (folder === undefined) {
    throw new OptionError(`virtualenv must be the folder of a virtual environment; ${fault}`);
  }
  return inVirtualenv(folder, "from the virtual environment that the option virtualenv names");
}

function inVirtualenv(virtualenv: string, why: string): Interpreter {
  return { command: join(virtualenv, "bin", "python"), why, virtualenv, fallback: undefined };
}
