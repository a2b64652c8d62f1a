/** FastCGI records. Mirrors `python/wsgi_bridge/fastcgi.py`: the same names in the same order. Knows bytes; knows no socket. */

export const VERSION = 1;
/**
 * The id of a connection's first request. Each request gets the next id, so that a late record is not taken for one of a later
 * request.
 */
export const FIRST_REQUEST_ID = 1;
/** The last id. The first id follows it. */
export const LAST_REQUEST_ID = 0xffff;
/** The id in management records, which belong to no request. */
export const NULL_REQUEST_ID = 0;
export const HEADER_LENGTH = 8;
export const MAX_CONTENT = 0xffff;

export const RecordType = {
  BEGIN_REQUEST: 1,
  ABORT_REQUEST: 2,
  END_REQUEST: 3,
  PARAMS: 4,
  STDIN: 5,
  STDOUT: 6,
  STDERR: 7,
  DATA: 8,
  GET_VALUES: 9,
  GET_VALUES_RESULT: 10,
  UNKNOWN_TYPE: 11,
  /** Not FastCGI, only within this package: pairs that describe the exception that ended a request or a start. */
  EXCEPTION: 64,
  /** Not FastCGI, on a control lane: asks the worker to raise an exception in a lane's thread, and to send the thread's stack. */
  INTERRUPT: 65,
  /** Not FastCGI: the answer to INTERRUPT. */
  STACK: 66,
  /** Not FastCGI, on a control lane: a signal has asked the worker to exit. It exits when Node closes the control lane. */
  EXIT_REQUESTED: 67,
  /** Not FastCGI, on a control lane: offers pipes for stdout and stderr to Node. The answer, of the same type, is empty if Node cannot open them. */
  OUTPUT: 68,
  /** Not FastCGI, on a control lane: a record of Python's `logging`. */
  LOG: 69,
  /** Not FastCGI, on the control lane of a worker that a template has forked: its process id. The first record. */
  FORKED: 70,
  /** Not FastCGI, on the control lane of a template: a worker has ended, or could not be forked. */
  WORKER_ENDED: 71,
  /** Not FastCGI, on the control lane of a template: asks it to send a signal to a worker. */
  SIGNAL_WORKER: 72,
} as const;

export const Role = { RESPONDER: 1 } as const;
export const KEEP_CONN = 1;

export const ProtocolStatus = { REQUEST_COMPLETE: 0, CANT_MPX_CONN: 1, OVERLOADED: 2, UNKNOWN_ROLE: 3 } as const;

/** Returns the id of the next request on the same connection. Pass 0 to get the first id. */
export function nextRequestId(requestId: number): number {
  return requestId < LAST_REQUEST_ID ? requestId + 1 : FIRST_REQUEST_ID;
}

/** Returns a record's header as latin-1 text. Requests are built as one string, because a single write of text costs least. */
export function header(type: number, requestId: number, contentLength: number): string {
  return String.fromCharCode(
    VERSION,
    type,
    requestId >> 8,
    requestId & 0xff,
    contentLength >> 8,
    contentLength & 0xff,
    0,
    0,
  );
}

/** Returns a whole record as latin-1 text. */
export function record(type: number, requestId: number, content: string): string {
  return header(type, requestId, content.length) + content;
}

/** Returns a stream's content as records of at most `MAX_CONTENT` bytes, without the empty record that ends the stream. */
export function stream(type: number, requestId: number, content: string): string {
  if (content.length <= MAX_CONTENT) return content === "" ? "" : record(type, requestId, content);
  let records = "";
  for (let at = 0; at < content.length; at += MAX_CONTENT) {
    records += record(type, requestId, content.slice(at, at + MAX_CONTENT));
  }
  return records;
}

/** Returns a name-value pair: lengths and content (FastCGI 1.0 §3.4). Both strings are latin-1. */
export function pair(name: string, value: string): string {
  return length(name.length) + length(value.length) + name + value;
}

function length(count: number): string {
  if (count < 0x80) return String.fromCharCode(count);
  return String.fromCharCode((count >>> 24) | 0x80, (count >>> 16) & 0xff, (count >>> 8) & 0xff, count & 0xff);
}

/** Returns the start of a request on a kept connection: BEGIN_REQUEST and all PARAMS records. */
export function beginRequest(requestId: number, params: string): string {
  const responder = String.fromCharCode(0, Role.RESPONDER, KEEP_CONN, 0, 0, 0, 0, 0);
  const begin = record(RecordType.BEGIN_REQUEST, requestId, responder);
  return begin + stream(RecordType.PARAMS, requestId, params) + record(RecordType.PARAMS, requestId, "");
}

/** Decodes name-value pairs to latin-1 text. @throws RangeError when a length exceeds the content */
export function readPairs(content: Buffer): Map<string, string> {
  const pairs = new Map<string, string>();
  let at = 0;
  const count = (): number => {
    const first = content.readUInt8(at);
    const long = (first & 0x80) !== 0;
    const value = long ? content.readUInt32BE(at) & 0x7fffffff : first;
    at += long ? 4 : 1;
    return value;
  };
  while (at < content.length) {
    const nameLength = count();
    const valueLength = count();
    const end = at + nameLength + valueLength;
    if (end > content.length) throw new RangeError("a name-value pair is longer than its record");
    const value = at + nameLength;
    pairs.set(content.toString("latin1", at, value), content.toString("latin1", value, end));
    at = end;
  }
  return pairs;
}
