/** What the log says once when an app is created: which variables and which interpreter its processes get. Starts nothing. */
import type { PythonAppSettings } from "./settings.ts";

/** Logs one line about the environment and, if no interpreter was named or found, one about the interpreter. */
export function announce({ target, directory, interpreter, withheld, logger }: PythonAppSettings): void {
  logger.info(environmentLine(target, withheld.size === 0));
  if (interpreter.fallback !== undefined) {
    logger.info(
      `${target}: ${interpreter.command} from the PATH runs the app, because ${interpreter.fallback}; create .venv in ${directory}, or name an interpreter with the option virtualenv or python`,
    );
  }
}

/** Returns the line that says which variables the processes get: all of Node's, or the allow-list and the option `env`. */
export function environmentLine(target: string, all: boolean): string {
  return `${target}: the Python processes get ${all ? ALL : SOME}`;
}

const ALL = "all environment variables";
const SOME =
  'only the usual environment variables (PATH, HOME, LANG, …) and those of the option env; env: "inherit" passes on all';
