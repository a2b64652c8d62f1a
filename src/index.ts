export {
  AppAttributeError,
  AppClosedError,
  AppImportError,
  AppNotCallableError,
  AppPreloadError,
  AppProtocolError,
  AppThreadsError,
  BadRequestError,
  BodyConsumedError,
  BodyTooLargeError,
  BridgeError,
  ClientDisconnectError,
  EnvironError,
  InterpreterError,
  NotStartedError,
  OptionError,
  OverloadedError,
  PythonError,
  type PythonFrame,
  type PythonReport,
  QueueFullError,
  QueueTimeoutError,
  RequestTimeoutError,
  ResponseAbortedError,
  SpoolError,
  StartError,
  StartTimeoutError,
  UnreachableError,
  UpstreamError,
  WorkerExitError,
} from "./errors.ts";
export { fromWsgi } from "./from-wsgi/express.ts";
export type { Next, WsgiMiddleware } from "./from-wsgi/host.ts";
export type { FromWsgiOptions } from "./from-wsgi/options.ts";
export { type Closable, closeOnSignal } from "./servers/close-on-signal.ts";
export { type NodeHandler, toWsgi } from "./to-wsgi/express.ts";
export type { FileLike, FileWrapper } from "./wsgi/file-wrapper.ts";
export type { Logger } from "./wsgi/log.ts";
export type {
  Environ,
  ErrorStream,
  HeaderList,
  HeaderPair,
  InputStream,
  StartResponse,
  Write,
  WsgiApp,
  WsgiResult,
} from "./wsgi/types.ts";
