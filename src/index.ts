export {
  AppAttributeError,
  AppClosedError,
  AppImportError,
  AppNotCallableError,
  AppProtocolError,
  BadRequestError,
  BodyConsumedError,
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
export { type FromWsgiOptions, fromWsgi } from "./from-wsgi.ts";
export type { Next, WsgiMiddleware } from "./hosts/types.ts";
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
