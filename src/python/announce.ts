/** What the log says once when an app is created: which variables and which interpreter its processes get. Starts nothing. */
import type { PythonAppSettings } from "./settings.ts";

/** Logs one line about the environment and, if no interpreter was named or found, one about the interpreter. */
export function announce({ target, directory, interpreter, withheld, logger }: PythonAppSettings): void {
  logger.info(`${target}: the Python processes get ${withheld.size === 0 ? ALL : SOME}`);
  if (interpreter.fallback !== undefined) {
    logger.info(
      `${target}: ${interpreter.command} from the PATH runs the app, because ${interpreter.fallback}; create .venv in ${directory}, or name an interpreter with the option virtualenv or python`,
    );
  }
}

const ALL = "all environment variables";
const SOME =
  'only the usual environment variables (PATH, HOME, LANG, …) and those of the option env; env: "inherit" passes on all';
