/** What a process says of why it could not load its application, as an error. Knows the report's pairs; knows no process. */
import {
  AppAttributeError,
  AppImportError,
  AppNotCallableError,
  InterpreterError,
  type StartError,
} from "../errors.ts";
import type { PythonAppSettings } from "./settings.ts";

/** @param report mirrors `LoadError` in python/wsgi_bridge/loader.py */
export function startError(report: ReadonlyMap<string, string>, settings: PythonAppSettings): StartError {
  const said = (key: string): string => Buffer.from(report.get(key) ?? "", "latin1").toString();
  const failure = report.get("failure") ?? "";
  return (REPORTS[failure] ?? unknownFailure)(said, settings);
}

type Said = (key: string) => string;

const REPORTS: Readonly<Record<string, (said: Said, settings: PythonAppSettings) => StartError>> = {
  import: (said, settings) =>
    raised(`${place(said("name"))} cannot be imported from ${settings.directory}`, said, settings),
  raised: (said, settings) => raised(`${JSON.stringify(said("name"))} raised an exception`, said, settings),
  attribute: (said) =>
    new AppAttributeError(
      `${place(said("place"))} has ${missing(said("name"))}; name the WSGI app, for instance one of: ${said("callables") || "(it has no callable)"}`,
    ),
  callable: (said, { target }) => {
    const wanted = target === `${said("name")}()` ? FACTORY : APP;
    return new AppNotCallableError(
      `"${said("name")}" is of type ${said("type")} and cannot be called; name a ${wanted}`,
    );
  },
};

const APP = "WSGI app, a callable that takes environ and start_response";
const FACTORY = "factory, a callable that takes nothing and returns a WSGI app";

function place(name: string): string {
  return `the ${name.endsWith(".py") ? "file" : "module"} "${name}"`;
}

function missing(name: string): string {
  if (name !== "") return `no attribute "${name}"`;
  return 'neither an "application" nor an "app", and it is no settings module of Django';
}

function raised(what: string, said: Said, { interpreter }: PythonAppSettings): AppImportError {
  const traceback = said("traceback");
  return new AppImportError(
    `${what}; mend what the traceback names, or install it into the interpreter that is used (${said("python")}, ${interpreter.why}):\n${traceback}`,
    traceback,
  );
}

function unknownFailure(said: Said): InterpreterError {
  return new InterpreterError(`the Python process reported a failure that is not known: ${said("traceback")}`);
}
