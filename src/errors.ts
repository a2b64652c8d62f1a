/**
 * The errors that this package throws on purpose, one class for each kind of fault.
 * `code` is API; `message` is for people; `status` is the HTTP status to send; `cause` is the underlying error, if any.
 */

/** The base class of all errors of this package. `error instanceof BridgeError` distinguishes them from bugs. */
export abstract class BridgeError extends Error {
  /** The stable identifier of the error, for programs. */
  abstract readonly code: string;
  /** The HTTP status to send. Express and Koa read it. */
  abstract readonly status: number;
  /** Tells Koa and http-errors not to send the message to the client. */
  readonly expose = false as const;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * The client sent a request that cannot be translated to WSGI safely. The status is 400; 414 or 431 if the request is too
 * long; 501 if it asks for something that no WSGI app can do (RFC 9110 §15.5, §15.6).
 */
export class BadRequestError extends BridgeError {
  readonly code = "ERR_WSGI_BAD_REQUEST" as const;
  readonly status: 400 | 414 | 431 | 501;

  constructor(message: string, status: 400 | 414 | 431 | 501 = 400) {
    super(message);
    this.status = status;
  }
}

/** The request body is larger than `maxBodySize`. */
export class BodyTooLargeError extends BridgeError {
  readonly code = "ERR_WSGI_BODY_TOO_LARGE" as const;
  readonly status = 413 as const;
}

/** A request body could not be written to a temporary file: a fault of the server, such as a full disk. The client may retry. */
export class SpoolError extends BridgeError {
  readonly code = "ERR_WSGI_SPOOL" as const;
  readonly status = 503 as const;
}

/** The application violated PEP 3333. This is a bug in the application, never the client's fault. */
export class AppProtocolError extends BridgeError {
  readonly code = "ERR_WSGI_APP_PROTOCOL" as const;
  readonly status = 500 as const;
}

/**
 * An app made by `toWsgi` was called with an invalid environ: a key is missing, or has a value that no request can have.
 * This is a bug in the WSGI server, or in middleware between the server and the app (PEP 3333, "environ Variables").
 */
export class EnvironError extends BridgeError {
  readonly code = "ERR_WSGI_ENVIRON" as const;
  readonly status = 500 as const;
}

/** An app inside `toWsgi` destroyed its response or socket early. The response to the client is aborted as well. */
export class ResponseAbortedError extends BridgeError {
  readonly code = "ERR_WSGI_RESPONSE_ABORTED" as const;
  readonly status = 502 as const;
}

/** An option has an invalid value; the message names the option. Thrown by the function that takes the option. */
export class OptionError extends BridgeError {
  readonly code = "ERR_WSGI_OPTION" as const;
  readonly status = 500 as const;
}

/** Middleware read the request body before the WSGI app could, and kept nothing from which the body can be restored. */
export class BodyConsumedError extends BridgeError {
  readonly code = "ERR_WSGI_BODY_CONSUMED" as const;
  readonly status = 500 as const;
}

/** The client disconnected before its request or response was complete. This is normal, so it is never logged. */
export class ClientDisconnectError extends BridgeError {
  readonly code = "ERR_WSGI_CLIENT_DISCONNECT" as const;
  readonly status = 499 as const;
}

/** One frame of a Python traceback. */
export interface PythonFrame {
  /** The path of the source file. */
  readonly file: string;
  /** The line number, starting at 1. */
  readonly line: number;
  /** The name of the function. */
  readonly name: string;
  /** The text of the line; empty if the file could not be read. */
  readonly source: string;
}

/** A Python exception, as Python reports it. */
export interface PythonReport {
  /** The name of the exception's class, such as `ValueError`. */
  readonly type: string;
  /** The exception's text: `str(error)`. */
  readonly exceptionMessage: string;
  /** The traceback as Python prints it. */
  readonly traceback: string;
  /** The frames of the traceback, innermost last. A very long traceback keeps only its first and last frames. */
  readonly frames: readonly PythonFrame[];
}

/**
 * The Python application raised an exception. The exception's text and traceback are for logs and error trackers only:
 * hosts may show `message`, `stack` and the JSON form of this error to clients, so these do not contain them.
 */
export class PythonError extends BridgeError implements PythonReport {
  readonly code = "ERR_WSGI_PYTHON_EXCEPTION" as const;
  readonly status = 500 as const;
  /** The name of the exception's class, such as `ValueError`. */
  readonly type: string;
  readonly #report: PythonReport;

  constructor(report: PythonReport) {
    super(`the Python application raised ${report.type}; its traceback is in the log`);
    this.type = report.type;
    this.#report = report;
    // Express shows `stack` to the client in development. JavaScript frames are left out: they do not show the bug.
    this.stack = `${this.name}: ${this.message}`;
  }

  /** The exception's text: `str(error)`. */
  get exceptionMessage(): string {
    return this.#report.exceptionMessage;
  }

  /** The traceback as Python prints it. */
  get traceback(): string {
    return this.#report.traceback;
  }

  /** The frames of the traceback, innermost last. */
  get frames(): readonly PythonFrame[] {
    return this.#report.frames;
  }
}

/** A Python process exited during a request. `sent` says whether the application may have started to process the request. */
export class WorkerExitError extends BridgeError {
  readonly code = "ERR_WSGI_WORKER_EXIT" as const;
  readonly status = 502 as const;
  /** False if the request never reached the application, so that a retry is safe. */
  readonly sent: boolean;

  constructor(message: string, options: ErrorOptions & { sent: boolean }) {
    super(message, options);
    this.sent = options.sent;
  }
}

/** The queue of requests that wait for a Python thread, or for a connection, is full. `headers` asks the client to retry. */
export class QueueFullError extends BridgeError {
  readonly code = "ERR_WSGI_QUEUE_FULL" as const;
  readonly status = 503 as const;
  /** The headers that Express's and Koa's error handling add to the response. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** A request waited longer than `queueTimeout` for a Python thread or a connection. `headers` asks the client to retry. */
export class QueueTimeoutError extends BridgeError {
  readonly code = "ERR_WSGI_QUEUE_TIMEOUT" as const;
  readonly status = 503 as const;
  /** The headers that Express's and Koa's error handling add to the response. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** The application took longer than `requestTimeout` or `totalTimeout`. For a Python thread, the log shows its stack. */
export class RequestTimeoutError extends BridgeError {
  readonly code = "ERR_WSGI_REQUEST_TIMEOUT" as const;
  readonly status = 504 as const;
}

/** The application was closed with `close()` and accepts no more requests. */
export class AppClosedError extends BridgeError {
  readonly code = "ERR_WSGI_APP_CLOSED" as const;
  readonly status = 503 as const;
}

/**
 * No address of the remote application accepted a connection. The status is 502, or 504 if the last address did not answer in
 * time. No byte of the request was sent, so a retry is safe. `cause` is the system's error.
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
 * The remote server closed the connection, or violated its protocol, before its response was complete. The server may or may
 * not have processed the request.
 */
export class UpstreamError extends BridgeError {
  readonly code = "ERR_WSGI_UPSTREAM" as const;
  readonly status = 502 as const;
}

/** The remote server is overloaded and refused the request without processing it. `headers` asks the client to retry. */
export class OverloadedError extends BridgeError {
  readonly code = "ERR_WSGI_OVERLOADED" as const;
  readonly status = 503 as const;
  /** The headers that Express's and Koa's error handling add to the response. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
}

/** The Python application failed to start, so it cannot serve requests. `cause` is the error that `ready()` rejects with. */
export class NotStartedError extends BridgeError {
  readonly code = "ERR_WSGI_NOT_STARTED" as const;
  readonly status = 503 as const;
}

/** The Python application could not be started. `ready()` and `reload()` reject with an error of one of the subclasses. */
export abstract class StartError extends BridgeError {
  abstract override readonly code: `ERR_WSGI_${"INTERPRETER" | "START_TIMEOUT" | `APP_${string}`}`;
  readonly status = 500 as const;
}

/** The Python interpreter cannot be run, is too old, or exited before it loaded the application. */
export class InterpreterError extends StartError {
  readonly code = "ERR_WSGI_INTERPRETER" as const;
}

/** A Python process did not load the application within `startTimeout`. The message shows the stack of the process. */
export class StartTimeoutError extends StartError {
  readonly code = "ERR_WSGI_START_TIMEOUT" as const;
}

/** The app's module, its factory or Django's setup raised an exception, or ran a server. Both properties tell why. */
export class AppImportError extends StartError {
  readonly code = "ERR_WSGI_APP_IMPORT" as const;
  /** The traceback, as Python prints it. */
  readonly traceback: string;

  constructor(message: string, traceback: string) {
    super(message);
    this.traceback = traceback;
  }
}

/** The app's module was imported, but does not have the attribute that the target names. */
export class AppAttributeError extends StartError {
  readonly code = "ERR_WSGI_APP_ATTRIBUTE" as const;
}

/** The attribute that the target names cannot be called as a WSGI application: it may be an ASGI application or a factory. */
export class AppNotCallableError extends StartError {
  readonly code = "ERR_WSGI_APP_NOT_CALLABLE" as const;
}

/** The app has no green threads of gevent or eventlet, and `threads` is more than the operating system's threads allow. */
export class AppThreadsError extends StartError {
  readonly code = "ERR_WSGI_APP_THREADS" as const;
}

/** With `preload`, the import of the app may not start threads, because a forked process would not have them. */
export class AppPreloadError extends StartError {
  readonly code = "ERR_WSGI_APP_PRELOAD" as const;
}
