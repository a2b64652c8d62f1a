/** Builds the errors of requests that fail in Python. Knows a report's name-value pairs; knows no lane. */
import {
  AppClosedError,
  NotStartedError,
  PythonError,
  type PythonFrame,
  QueueTimeoutError,
  RequestTimeoutError,
  type StartError,
  WorkerExitError,
} from "../errors.ts";
import { exceeded, type ResponseLimit } from "../node/response-timer.ts";
import type { PythonAppSettings } from "./settings.ts";

/** Returns the error for an exception. @param pairs the worker's report; its UTF-8 bytes are carried as latin-1 text */
export function pythonError(pairs: ReadonlyMap<string, string>): PythonError {
  const utf8 = (key: string): string => Buffer.from(pairs.get(key) ?? "", "latin1").toString();
  const frames: PythonFrame[] = [];
  for (let i = 0; pairs.has(`frame${i}`); i += 1) frames.push(frameOf(utf8(`frame${i}`)));
  return new PythonError({
    type: utf8("type"),
    exceptionMessage: utf8("message"),
    traceback: utf8("traceback"),
    frames,
  });
}

/** The text is "file NUL line NUL function NUL source". */
function frameOf(text: string): PythonFrame {
  const [file = "", line = "", name = "", source = ""] = text.split("\0");
  return { file, line: Number(line), name, source };
}

export function workerExited(cause?: Error): WorkerExitError {
  return new WorkerExitError("the Python process ended before the response was complete", { sent: true, cause });
}

export function queueTimedOut({ queueTimeout }: PythonAppSettings): QueueTimeoutError {
  return new QueueTimeoutError(
    `no Python thread was free within queueTimeout, ${queueTimeout} ms; raise processes or threads`,
  );
}

export function requestTimedOut(settings: PythonAppSettings, limit: ResponseLimit): RequestTimeoutError {
  return new RequestTimeoutError(`the Python application ${exceeded(limit, settings)}`);
}

export function closedError(): AppClosedError {
  return new AppClosedError("the Python application was closed and takes no more requests");
}

export function notStarted(cause: StartError): NotStartedError {
  return new NotStartedError("the Python application did not start; the reason is in the log", { cause });
}
