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
  InterpreterError,
  NotStartedError,
  OptionError,
  PythonError,
  QueueFullError,
  StartError,
  WorkerExitError,
} from "./errors.ts";
export { fromWsgi } from "./from-wsgi.ts";
export type { Next, WsgiMiddleware } from "./hosts/types.ts";
export type { FromWsgiOptions } from "./options.ts";
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
