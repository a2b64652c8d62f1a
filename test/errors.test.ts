import { describe, expect, it } from "vitest";
import * as errors from "../src/errors.ts";

const sent = { sent: true };

/** Every error class. Programs rely on `code`, so a change here is a breaking change. */
const ERRORS: [errors.BridgeError, code: string, status: number][] = [
  [new errors.BadRequestError("m"), "ERR_WSGI_BAD_REQUEST", 400],
  [new errors.BadRequestError("m", 414), "ERR_WSGI_BAD_REQUEST", 414],
  [new errors.BadRequestError("m", 431), "ERR_WSGI_BAD_REQUEST", 431],
  [new errors.BadRequestError("m", 501), "ERR_WSGI_BAD_REQUEST", 501],
  [new errors.BodyTooLargeError("m"), "ERR_WSGI_BODY_TOO_LARGE", 413],
  [new errors.SpoolError("m"), "ERR_WSGI_SPOOL", 503],
  [new errors.AppProtocolError("m"), "ERR_WSGI_APP_PROTOCOL", 500],
  [new errors.EnvironError("m"), "ERR_WSGI_ENVIRON", 500],
  [new errors.ResponseAbortedError("m"), "ERR_WSGI_RESPONSE_ABORTED", 502],
  [new errors.OptionError("m"), "ERR_WSGI_OPTION", 500],
  [new errors.BodyConsumedError("m"), "ERR_WSGI_BODY_CONSUMED", 500],
  [new errors.ClientDisconnectError("m"), "ERR_WSGI_CLIENT_DISCONNECT", 499],
  [
    new errors.PythonError({ type: "ValueError", exceptionMessage: "m", traceback: "t", frames: [] }),
    "ERR_WSGI_PYTHON_EXCEPTION",
    500,
  ],
  [new errors.WorkerExitError("m", sent), "ERR_WSGI_WORKER_EXIT", 502],
  [new errors.QueueFullError("m"), "ERR_WSGI_QUEUE_FULL", 503],
  [new errors.QueueTimeoutError("m"), "ERR_WSGI_QUEUE_TIMEOUT", 503],
  [new errors.RequestTimeoutError("m"), "ERR_WSGI_REQUEST_TIMEOUT", 504],
  [new errors.UnreachableError("m", { status: 502 }), "ERR_WSGI_UNREACHABLE", 502],
  [new errors.UnreachableError("m", { status: 504 }), "ERR_WSGI_UNREACHABLE", 504],
  [new errors.UpstreamError("m"), "ERR_WSGI_UPSTREAM", 502],
  [new errors.OverloadedError("m"), "ERR_WSGI_OVERLOADED", 503],
  [new errors.AppClosedError("m"), "ERR_WSGI_APP_CLOSED", 503],
  [new errors.NotStartedError("m"), "ERR_WSGI_NOT_STARTED", 503],
  [new errors.InterpreterError("m"), "ERR_WSGI_INTERPRETER", 500],
  [new errors.StartTimeoutError("m"), "ERR_WSGI_START_TIMEOUT", 500],
  [new errors.AppImportError("m", "t"), "ERR_WSGI_APP_IMPORT", 500],
  [new errors.AppAttributeError("m"), "ERR_WSGI_APP_ATTRIBUTE", 500],
  [new errors.AppNotCallableError("m"), "ERR_WSGI_APP_NOT_CALLABLE", 500],
  [new errors.AppPreloadError("m"), "ERR_WSGI_APP_PRELOAD", 500],
  [new errors.AppThreadsError("m"), "ERR_WSGI_APP_THREADS", 500],
];
const ROWS = ERRORS.map(([error, code, status]) => ({ name: error.name, error, code, status }));

describe("every error", () => {
  it.each(ROWS)("$name is $code, $status", ({ name, error, code, status }) => {
    expect([error.code, error.status]).toEqual([code, status]);
    expect(error).toBeInstanceOf(errors.BridgeError);
    expect(Object.entries(errors).find(([exported]) => exported === name)?.[1]).toBe(error.constructor);
    expect(error.expose).toBe(false);
    expect(error.stack).toContain(`${name}: `);
  });

  it("is in the table above, and has a unique code", () => {
    const abstract = ["BridgeError", "StartError"];
    const classes = Object.keys(errors).filter((name) => !abstract.includes(name));
    expect(new Set(ROWS.map(({ name }) => name))).toEqual(new Set(classes));
    expect(new Set(ROWS.map(({ code }) => code)).size).toBe(classes.length);
  });

  it("is a StartError if, and only if, ready() can reject with it", () => {
    const start = ROWS.filter(({ error }) => error instanceof errors.StartError).map(({ name }) => name);
    expect(start).toEqual([
      "InterpreterError",
      "StartTimeoutError",
      "AppImportError",
      "AppAttributeError",
      "AppNotCallableError",
      "AppPreloadError",
      "AppThreadsError",
    ]);
  });
});

describe("what an error carries", () => {
  it("SEC-19: keeps the traceback out of the message and the stack of a PythonError, which hosts may show", () => {
    const error = new errors.PythonError({
      type: "shop.Missing",
      exceptionMessage: "the secret",
      traceback: 'File "/srv/shop.py", line 3, in secret',
      frames: [{ file: "/srv/shop.py", line: 3, name: "secret", source: "raise secret" }],
    });
    expect(error).toMatchObject({ type: "shop.Missing", traceback: 'File "/srv/shop.py", line 3, in secret' });
    for (const text of [error.message, error.stack, String(error)]) {
      expect(text).toContain("shop.Missing");
      expect(text).not.toContain("/srv/shop.py");
      expect(text).not.toMatch(/^ +at /m);
    }
  });

  it("WRK-07: tells in a WorkerExitError whether the app may have started the request, and the cause", () => {
    const cause = new Error("EPIPE");
    expect(new errors.WorkerExitError("m", { sent: false, cause })).toMatchObject({ sent: false, cause });
  });

  it("WRK-09: asks the client to retry in a QueueFullError", () => {
    expect(new errors.QueueFullError("m").headers).toEqual({ "Retry-After": "1" });
  });

  it("keeps the traceback of the import in an AppImportError", () => {
    expect(new errors.AppImportError("m", "t")).toMatchObject({ message: "m", traceback: "t" });
  });

  it("keeps the cause", () => {
    const cause = new Error("why");
    expect(new errors.NotStartedError("m", { cause }).cause).toBe(cause);
  });
});
