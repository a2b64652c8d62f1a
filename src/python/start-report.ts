/** What a process says of why it could not load its application, as an error. Knows the report's pairs; knows no process. */
import {
  AppAttributeError,
  AppImportError,
  AppNotCallableError,
  InterpreterError,
  type StartError,
} from "../errors.ts";
import type { PythonAppSettings } from "./settings.ts";

export function startError(report: ReadonlyMap<string, string>, { target, directory }: PythonAppSettings): StartError {
  const utf8 = (key: string): string => Buffer.from(report.get(key) ?? "", "latin1").toString();
  const [module, attribute] = target.split(":");
  const traceback = utf8("traceback");
  switch (report.get("failure")) {
    case "import":
      return new AppImportError(
        `the module "${module}" cannot be imported from ${directory}; mend what the traceback names, or install it into the interpreter that is used (${utf8("python")}):\n${traceback}`,
        traceback,
      );
    case "attribute":
      return new AppAttributeError(
        `the module "${module}" has no attribute "${attribute}"; name the WSGI app, for instance one of: ${utf8("callables") || "(it has no callable)"}`,
      );
    case "callable":
      return new AppNotCallableError(
        `"${target}" is of type ${utf8("type")} and cannot be called; name a WSGI app, a callable that takes environ and start_response`,
      );
    default:
      return new InterpreterError(`the Python process reported a failure that is not known: ${traceback}`);
  }
}
