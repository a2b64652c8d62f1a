export { type Closable, closeOnSignal } from "./close-on-signal.ts";
export {
  AppAttributeError,
  AppClosedError,
  AppImportError,
  AppNotCallableError,
  AppProtocolError,
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
export { fromWsgi } from "./from-wsgi.ts";
export type { Next, WsgiMiddleware } from "./hosts/types.ts";
export type { FromWsgiOptions } from "./options.ts";
export { type NodeHandler, toWsgi } from "./to-wsgi.ts";
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
