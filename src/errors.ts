/**
 * Every error this package throws on purpose, sorted by whose fault it is.
 * `code` is API, `message` is for people, `status` is what the host should answer, `cause` is kept.
 */

/** The base of all of them: `error instanceof BridgeError` tells a deliberate error from an accident. */
export abstract class BridgeError extends Error {
  /** Stable name of the error, for programs. */
  abstract readonly code: string;
  /** The HTTP status that the error deserves; Express and Koa read it. */
  abstract readonly status: number;
  /** Koa and http-errors ask it: may the message be shown to the client? Never. */
  readonly expose = false as const;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * The client sent a request that cannot be translated safely: 400; 414 or 431 where it is too long; 501 where it asks for
 * what no WSGI app can do (RFC 9110 §15.5, §15.6).
 */
export class BadRequestError extends BridgeError {
  readonly code = "ERR_WSGI_BAD_REQUEST" as const;
  readonly status: 400 | 414 | 431 | 501;

  constructor(message: string, status: 400 | 414 | 431 | 501 = 400) {
    super(message);
    this.status = status;
  }
}

/** The client's body is longer than `maxBodySize`. */
export class BodyTooLargeError extends BridgeError {
  readonly code = "ERR_WSGI_BODY_TOO_LARGE" as const;
  readonly status = 413 as const;
}

/** A request's body had to go to a temporary file, and the disk did not take it. The fault is the machine's; a client may come again. */
export class SpoolError extends BridgeError {
  readonly code = "ERR_WSGI_SPOOL" as const;
  readonly status = 503 as const;
}

/** The application broke PEP 3333: a bug on the application's side, never the client's. */
export class AppProtocolError extends BridgeError {
  readonly code = "ERR_WSGI_APP_PROTOCOL" as const;
  readonly status = 500 as const;
}

/**
 * The environ that `toWsgi` was called with is none: a key is missing or has a value that no request can have. The fault is
 * the server's, or that of middleware between it and the app (PEP 3333, "environ Variables").
 */
export class EnvironError extends BridgeError {
  readonly code = "ERR_WSGI_ENVIRON" as const;
  readonly status = 500 as const;
}

/** An app within `toWsgi` destroyed its response or socket before the response was whole: its client is to see that. */
export class ResponseAbortedError extends BridgeError {
  readonly code = "ERR_WSGI_RESPONSE_ABORTED" as const;
  readonly status = 502 as const;
}

/** An option has a value that cannot be used; the message names the option. Thrown where the option is given. */
export class OptionError extends BridgeError {
  readonly code = "ERR_WSGI_OPTION" as const;
  readonly status = 500 as const;
}

/** A middleware read the request's body before the bridge could, and kept nothing to read again. */
export class BodyConsumedError extends BridgeError {
  readonly code = "ERR_WSGI_BODY_CONSUMED" as const;
  readonly status = 500 as const;
}

/** The client has gone before its request or response was whole. Nobody's fault, so never logged. */
export class ClientDisconnectError extends BridgeError {
  readonly code = "ERR_WSGI_CLIENT_DISCONNECT" as const;
  readonly status = 499 as const;
}

/** A call in a Python traceback. */
export interface PythonFrame {
  /** The path of the source file. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The function's. */
  readonly name: string;
  /** The line's text; empty where the file could not be read. */
  readonly source: string;
}

/** What Python says of an exception. */
export interface PythonReport {
  /** The exception's class, such as `ValueError`. */
  readonly type: string;
  /** What the exception says: `str(error)`. */
  readonly exceptionMessage: string;
  /** The traceback as Python prints it. */
  readonly traceback: string;
  /** The calls that led to it, the innermost last; of very many the first and the last. */
  readonly frames: readonly PythonFrame[];
}

/**
 * The Python application raised. What it raised is data for a log or a tracker; `message`, `stack` and what JSON makes of
 * the error have none of it, since hosts may show them to clients.
 */
export class PythonError extends BridgeError implements PythonReport {
  readonly code = "ERR_WSGI_PYTHON_EXCEPTION" as const;
  readonly status = 500 as const;
  /** The exception's class, such as `ValueError`. */
  readonly type: string;
  readonly #report: PythonReport;

  constructor(report: PythonReport) {
    super(`the Python application raised ${report.type}; its traceback is in the log`);
    this.type = report.type;
    this.#report = report;
    // Express shows `stack` to the client in development; frames of this package would tell nobody anything.
    this.stack = `${this.name}: ${this.message}`;
  }

  /** What the exception says: `str(error)`. */
  get exceptionMessage(): string {
    return this.#report.exceptionMessage;
  }

  /** The traceback as Python prints it. */
  get traceback(): string {
    return this.#report.traceback;
  }

  /** The calls that led to it, the innermost last. */
  get frames(): readonly PythonFrame[] {
    return this.#report.frames;
  }
}

/** A Python process ended in the middle of a request. `sent` says whether the application may have begun its work. */
export class WorkerExitError extends BridgeError {
  readonly code = "ERR_WSGI_WORKER_EXIT" as const;
  readonly status = 502 as const;
  /** False: the request never reached the application, so a second try is safe. */
  readonly sent: boolean;

  constructor(message: string, options: ErrorOptions & { sent: boolean }) {
    super(message, options);
    this.sent = options.sent;
  }
}

/** More requests wait for a Python thread, or a connection, than the queue may hold. `headers` asks the client to come back. */
export class QueueFullError extends BridgeError {
  readonly code = "ERR_WSGI_QUEUE_FULL" as const;
  readonly status = 503 as const;
  /** Express's and Koa's error handling send them with the answer. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** A request waited for a Python thread, or a connection, for longer than `queueTimeout`. `headers` asks the client to come back. */
export class QueueTimeoutError extends BridgeError {
  readonly code = "ERR_WSGI_QUEUE_TIMEOUT" as const;
  readonly status = 503 as const;
  /** Express's and Koa's error handling send them with the answer. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** The application took longer than `requestTimeout` or `totalTimeout`. Where a Python thread was then is in the log. */
export class RequestTimeoutError extends BridgeError {
  readonly code = "ERR_WSGI_REQUEST_TIMEOUT" as const;
  readonly status = 504 as const;
}

/** The application was closed with `close()` and takes no further requests. */
export class AppClosedError extends BridgeError {
  readonly code = "ERR_WSGI_APP_CLOSED" as const;
  readonly status = 503 as const;
}

/**
 * No connection to any of the addresses could be had: 502, or 504 where the last of them did not answer in time. No byte of the
 * request was sent, so a second try is safe. `cause` is what the system said.
 */
export class UnreachableError extends BridgeError {
  readonly code = "ERR_WSGI_UNREACHABLE" as const;
  readonly status: 502 | 504;

  constructor(message: string, options: ErrorOptions & { status: 502 | 504 }) {
    super(message, options);
    this.status = options.status;
  }
}

/**
 * The remote server broke the connection, or the rules of its protocol, before its response was complete. Whether it has carried
 * the request out is not known.
 */
export class UpstreamError extends BridgeError {
  readonly code = "ERR_WSGI_UPSTREAM" as const;
  readonly status = 502 as const;
}

/** The remote server takes no request now, and has not begun this one. `headers` asks the client to come back. */
export class OverloadedError extends BridgeError {
  readonly code = "ERR_WSGI_OVERLOADED" as const;
  readonly status = 503 as const;
  /** Express's and Koa's error handling send them with the answer. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** The Python application is not running, since it did not start; `cause` is the error that `ready()` rejects with. */
export class NotStartedError extends BridgeError {
  readonly code = "ERR_WSGI_NOT_STARTED" as const;
  readonly status = 503 as const;
}

/** A Python application could not be started: `ready()` and `reload()` reject with one of these classes' errors. */
export abstract class StartError extends BridgeError {
  abstract override readonly code: `ERR_WSGI_${"INTERPRETER" | "START_TIMEOUT" | `APP_${string}`}`;
  readonly status = 500 as const;
}

/** The Python interpreter cannot be run, is too old, or ended before it could load the application. */
export class InterpreterError extends StartError {
  readonly code = "ERR_WSGI_INTERPRETER" as const;
}

/** A Python process has not loaded the application within `startTimeout`; the message says where it was. */
export class StartTimeoutError extends StartError {
  readonly code = "ERR_WSGI_START_TIMEOUT" as const;
}

/** The application's module cannot be imported, or its factory or Django's set-up raised; `traceback` says why, and so does the message. */
export class AppImportError extends StartError {
  readonly code = "ERR_WSGI_APP_IMPORT" as const;
  /** The traceback, as Python prints it. */
  readonly traceback: string;

  constructor(message: string, traceback: string) {
    super(message);
    this.traceback = traceback;
  }
}

/** The module was imported and has no such attribute. */
export class AppAttributeError extends StartError {
  readonly code = "ERR_WSGI_APP_ATTRIBUTE" as const;
}

/** The attribute exists and cannot be called, so it is no WSGI application. */
export class AppNotCallableError extends StartError {
  readonly code = "ERR_WSGI_APP_NOT_CALLABLE" as const;
}
