/** The question whether a new process has loaded its application. Knows the control lane's records; knows no process. */
import type { Duplex } from "node:stream";
import {
  AppAttributeError,
  AppImportError,
  AppNotCallableError,
  InterpreterError,
  type StartError,
} from "../errors.ts";
import { RecordReader } from "../fastcgi/reader.ts";
import { NULL_REQUEST_ID, pair, RecordType, readPairs, record } from "../fastcgi/records.ts";
import type { PythonAppSettings } from "./settings.ts";

/** FastCGI's own question to a new responder (§4.1): the answer comes when the application is loaded. */
const QUESTION: string = record(RecordType.GET_VALUES, NULL_REQUEST_ID, pair("FCGI_MAX_CONNS", ""));

/**
 * Resolves when the process has loaded the application; rejects with a `StartError` if it could not, and with
 * `undefined` if it ended before it could say why.
 */
export function askReady(control: Duplex, settings: PythonAppSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new RecordReader((type, _requestId, content) => {
      if (type === RecordType.GET_VALUES_RESULT) resolve();
      else if (type === RecordType.EXCEPTION) reject(startError(readPairs(content), settings));
    });
    control
      .on("data", (chunk: Buffer) => {
        try {
          reader.push(chunk);
        } catch {
          control.destroy();
        }
      })
      .on("error", () => reject(undefined))
      .on("close", () => reject(undefined));
    control.write(QUESTION, "latin1");
  });
}

function startError(report: ReadonlyMap<string, string>, { target, directory }: PythonAppSettings): StartError {
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
