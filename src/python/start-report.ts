/** Turns a worker's report of a failed start into an error. Knows the report's name-value pairs; knows no process. */
import {
  AppAttributeError,
  AppImportError,
  AppNotCallableError,
  AppPreloadError,
  AppThreadsError,
  InterpreterError,
  type StartError,
} from "../errors.ts";
import { withheldAdvice } from "./environment.ts";
import type { PythonAppSettings } from "./settings.ts";
import { asgiAdvice, CALL_IT, factoryAdvice, ownServer, wrongArguments } from "./start-advice.ts";

/** Returns the error for a report. @param report the pairs of `LoadError` in python/wsgi_bridge/loader.py */
export function startError(report: ReadonlyMap<string, string>, settings: PythonAppSettings): StartError {
  const field = (key: string): string => Buffer.from(report.get(key) ?? "", "latin1").toString();
  const failure = report.get("failure") ?? "";
  return (ERRORS[failure] ?? unknownFailure)(field, settings);
}

/** Reads a field of the report; empty if it is missing. */
type Field = (key: string) => string;

/** Builds the error, by the report's field "failure". */
const ERRORS: Readonly<Record<string, (field: Field, settings: PythonAppSettings) => StartError>> = {
  import: (field, settings) =>
    importError(`${field("name")} cannot be imported from ${settings.directory}`, field, settings),
  raised: (field, settings) => importError(`${JSON.stringify(field("name"))} raised an exception`, field, settings),
  attribute: (field) =>
    new AppAttributeError(
      `${field("place")} has ${missing(field("name"))}; name the WSGI app, for example one of: ${field("callables") || "(it has no callable)"}`,
    ),
  callable: (field, { target }) => {
    const expected = target.startsWith(`${field("name")}(`) ? FACTORY : APP;
    return new AppNotCallableError(
      `"${field("name")}" is of type ${field("type")} and cannot be called; name a ${expected}`,
    );
  },
  threads: (field, { threads }) =>
    new AppThreadsError(
      `threads is ${threads}, but this app can have ${field("limit")} at most; more are for apps that gevent or eventlet has patched (monkey.patch_all())`,
    ),
  arguments: (field) =>
    new AppAttributeError(
      `the arguments in "${field("name")}" must be literals of Python, such as 'text', 1, True, None or ["a", "b"]; let the factory itself read everything else`,
    ),
  paste: (field) =>
    new AppImportError(
      `"${field("name")}" is a configuration of PasteDeploy, which the interpreter that runs the app does not have; install it: ${field("python")} -m pip install PasteDeploy\n${field("traceback")}`,
      field("traceback"),
    ),
  server: (field, { target }) => new AppImportError(ownServer(target, field), field("traceback")),
  asgi: (field) => notWsgi(asgiAdvice(field)),
  asgi2: (field) => notWsgi(asgiAdvice(field)),
  async: (field) =>
    notWsgi(`"${field("name")}" is an async function, which a WSGI app cannot be; name a ${APP} and is not async`),
  factory: (field) => notWsgi(factoryAdvice(field("name"))),
  arity: (field) => notWsgi(`${wrongArguments(field("name"))}; ${CALL_IT}`),
  preload: (field) =>
    new AppPreloadError(
      `preload: the import of ${field("name")} has started threads, which the forked processes would not have (${field("threads")}); start them in each process, in a function that you pass to os.register_at_fork(after_in_child=...), or set preload to false`,
    ),
};

const APP = "WSGI app, a callable that takes environ and start_response";
const FACTORY = "factory, a callable that takes no arguments and returns a WSGI app";

function notWsgi(message: string): AppNotCallableError {
  return new AppNotCallableError(message);
}

function missing(name: string): string {
  if (name !== "") return `no attribute "${name}"`;
  return 'neither an "application" nor an "app", and it is not a Django settings module';
}

function importError(what: string, field: Field, { interpreter, withheld }: PythonAppSettings): AppImportError {
  const traceback = field("traceback");
  const mentioned = { words: field("words").split(" "), fields: field("fields").split(" ") };
  const advice = withheldAdvice(mentioned, withheld);
  const other = advice === undefined ? "" : `${advice}. If that is not the cause, `;
  return new AppImportError(
    `${what}; ${other}fix the error in the traceback, or install the missing package for the interpreter that runs the app (${field("python")}, ${interpreter.why}):\n${traceback}`,
    traceback,
  );
}

function unknownFailure(field: Field): InterpreterError {
  return new InterpreterError(`the Python process reported an unknown failure: ${field("traceback")}`);
}
