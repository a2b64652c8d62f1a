/** Which Python interpreter runs the application, and why that one. Knows files; runs nothing. */
import { lstatSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { OptionError } from "../errors.ts";

/** An interpreter that was chosen; nobody has tried it yet. */
export interface Interpreter {
  /** A name on the PATH, or an absolute path. */
  readonly command: string;
  /** Why this one, as words that follow "the interpreter". */
  readonly why: string;
  /** The folder of the virtual environment that it was taken from. */
  readonly virtualenv: string | undefined;
}

/** What the choice depends on. */
export interface InterpreterOptions {
  readonly python?: string | undefined;
  readonly virtualenv?: string | undefined;
  /** The application's, an absolute path. */
  readonly directory: string;
  /** The folder of the environment that is active where Node runs: its variable VIRTUAL_ENV. */
  readonly active: string | undefined;
}

/** Names that people give to an environment within the application's directory, the likelier first. */
const USUAL_NAMES = [".venv", "venv"] as const;

/**
 * The first that holds: the option `python`; the option `virtualenv`; `.venv`, then `venv` in the directory; the active
 * environment; `python3`.
 *
 * @throws OptionError for both options at once, and for a `virtualenv` that is none
 */
export function findInterpreter({ python, virtualenv, directory, active }: InterpreterOptions): Interpreter {
  if (python !== undefined) {
    if (virtualenv !== undefined)
      throw new OptionError("python and virtualenv both name an interpreter; give one of them");
    return named(python);
  }
  if (virtualenv !== undefined) return ofOption(virtualenv, directory);
  for (const name of USUAL_NAMES) {
    const folder = join(directory, name);
    if (hasPython(folder)) return of(folder, `of the virtual environment ${name} in the application's directory`);
  }
  // One that is gone is not passed over: whoever has set the variable believes in it, and the error will name it.
  if (active) return of(resolve(active), "of the virtual environment that VIRTUAL_ENV names");
  return {
    command: "python3",
    why: "on the PATH, since neither an option nor VIRTUAL_ENV names another and the application's directory has no virtual environment",
    virtualenv: undefined,
  };
}

/**
 * What activating an environment does: what the application starts finds the environment's programs first, and VIRTUAL_ENV
 * says where it is. PYTHONHOME would lead its interpreter elsewhere.
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

function named(python: string): Interpreter {
  if (typeof python !== "string" || python === "") throw new OptionError("python must be a name or a path");
  const command = python.includes("/") ? resolve(python) : python;
  return { command, why: "named by the option python", virtualenv: undefined };
}

function ofOption(virtualenv: string, directory: string): Interpreter {
  if (typeof virtualenv !== "string" || virtualenv === "") throw new OptionError("virtualenv must be a folder");
  const folder = resolve(directory, virtualenv);
  if (!hasPython(folder)) {
    throw new OptionError(
      `virtualenv must be the folder of a virtual environment; there is no ${join(folder, "bin", "python")}`,
    );
  }
  return of(folder, "of the virtual environment that the option virtualenv names");
}

function of(virtualenv: string, why: string): Interpreter {
  return { command: join(virtualenv, "bin", "python"), why, virtualenv };
}

/** A link counts even if its end is gone: the environment is there, and to pass it over in silence would hide the fault. */
function hasPython(virtualenv: string): boolean {
  return lstatSync(join(virtualenv, "bin", "python"), { throwIfNoEntry: false }) !== undefined;
}
