/** Passes records of Python's `logging` to a structured logger. Knows the record's name-value pairs; knows no process. */
import { type Logger, printable } from "../wsgi/log.ts";

/** A record of Python's `logging`, apart from its message. */
export interface LogFields {
  /** The logger's name, such as "shop.stock". */
  readonly logger: string;
  /** Python's name of the level, such as "WARNING". */
  readonly levelname: string;
  /** When the record was made, in milliseconds since 1970. */
  readonly created: number;
  /** The id of the Python process. */
  readonly processId: number;
  /** The id of the request in which the record was made. Missing if it was made outside of requests. */
  readonly requestId?: string;
  /** The exception of `exc_info`: its type, its message, and its traceback. */
  readonly err?: { readonly name: string; readonly message: string; readonly stack: string };
  /** The stack of `stack_info=True`. */
  readonly stackInfo?: string;
  /** What the application passed as `extra`. A value that JSON cannot express is its `repr()`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/**
 * A logger for `logging: "structured"`, such as pino's or bunyan's. Gets records of Python as fields and a message, and
 * everything else as a message alone.
 */
export interface StructuredLogger {
  /** Used for DEBUG records, if it exists. */
  debug?(fields: LogFields, message: string): void;
  info(message: string): void;
  info(fields: LogFields, message: string): void;
  warn(message: string): void;
  warn(fields: LogFields, message: string): void;
  error(message: string): void;
  error(fields: LogFields, message: string): void;
}

/** The numbers of Python's levels. */
const INFO = 20;
const WARNING = 30;
const ERROR = 40;

/** Logs a record. @param record the pairs of python/wsgi_bridge/records.py; their UTF-8 bytes are carried as latin-1 text */
export function logRecord(logger: Logger, record: ReadonlyMap<string, string>): void {
  const structured = logger as StructuredLogger; // the option `logging` says so
  const text = (key: string): string | undefined => {
    const value = record.get(key);
    return value === undefined ? undefined : printable(Buffer.from(value, "latin1").toString());
  };
  const level = Number(text("levelno"));
  const message = text("message") ?? "";
  const fields = fieldsOf(text);
  if (level >= ERROR) structured.error(fields, message);
  else if (level >= WARNING) structured.warn(fields, message);
  else if (level < INFO && structured.debug !== undefined) structured.debug(fields, message);
  else structured.info(fields, message);
}

function fieldsOf(text: (key: string) => string | undefined): LogFields {
  const requestId = text("request");
  const stack = text("traceback");
  const stackInfo = text("stack");
  const extra = text("extra");
  return {
    logger: text("logger") ?? "",
    levelname: text("levelname") ?? "",
    created: Math.round(Number(text("created")) * 1000),
    processId: Number(text("process")),
    ...(requestId !== undefined && { requestId }),
    ...(stack !== undefined && { err: errorOf({ name: text("type") ?? "", message: text("exception") ?? "", stack }) }),
    ...(stackInfo !== undefined && { stackInfo }),
    ...(extra !== undefined && { extra: JSON.parse(extra) as Record<string, unknown> }),
  };
}

/** Without a prototype, because pino logs the name of an error's constructor as its type, and for lack of that its name. */
function errorOf(error: NonNullable<LogFields["err"]>): NonNullable<LogFields["err"]> {
  return Object.assign(Object.create(null), error);
}
