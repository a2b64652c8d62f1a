/** FastCGI records. Mirrors `python/wsgi_bridge/fastcgi.py` line for line; names are FastCGI's. Knows bytes; knows no stream. */

export const VERSION = 1;
/** The id of a connection's first request. The next ones count up, so that no record is taken for another request's. */
export const FIRST_REQUEST_ID = 1;
/** After this id comes the first one again. */
export const LAST_REQUEST_ID = 0xffff;
/** Management records belong to no request. */
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
  /** Ours, from a worker of this package alone: pairs that describe the exception which ended the request. */
  EXCEPTION: 64,
  /** Ours, on a control lane: raise an exception in the thread of the lane that is named, and say where it was. */
  INTERRUPT: 65,
  /** Ours: the answer to INTERRUPT. */
  STACK: 66,
  /** Ours: somebody has asked the process to end; it ends when it is let go. */
  LEAVING: 67,
} as const;

export const Role = { RESPONDER: 1 } as const;
export const KEEP_CONN = 1;

export const ProtocolStatus = { REQUEST_COMPLETE: 0, CANT_MPX_CONN: 1, OVERLOADED: 2, UNKNOWN_ROLE: 3 } as const;

/** The id of the request that follows on the same connection. 0 stands for the one before the first. */
export function nextRequestId(requestId: number): number {
  return requestId < LAST_REQUEST_ID ? requestId + 1 : FIRST_REQUEST_ID;
}

/** A record's header as latin-1 text: requests are built as one string, since one write of text is the cheapest. */
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

/** A whole record as latin-1 text. */
export function record(type: number, requestId: number, content: string): string {
  return header(type, requestId, content.length) + content;
}

/** A stream's content as records of at most 64 KiB each, without the empty one that ends it. */
export function stream(type: number, requestId: number, content: string): string {
  if (content.length <= MAX_CONTENT) return content === "" ? "" : record(type, requestId, content);
  let records = "";
  for (let at = 0; at < content.length; at += MAX_CONTENT) {
    records += record(type, requestId, content.slice(at, at + MAX_CONTENT));
  }
  return records;
}

/** A name-value pair's lengths and content (FastCGI 1.0 §3.4); both strings are latin-1. */
export function pair(name: string, value: string): string {
  return length(name.length) + length(value.length) + name + value;
}

function length(count: number): string {
  if (count < 0x80) return String.fromCharCode(count);
  return String.fromCharCode((count >>> 24) | 0x80, (count >>> 16) & 0xff, (count >>> 8) & 0xff, count & 0xff);
}

/** What begins a responder's request on a connection that is kept, up to the end of its parameters. */
export function beginRequest(requestId: number, params: string): string {
  const responder = String.fromCharCode(0, Role.RESPONDER, KEEP_CONN, 0, 0, 0, 0, 0);
  const begin = record(RecordType.BEGIN_REQUEST, requestId, responder);
  return begin + stream(RecordType.PARAMS, requestId, params) + record(RecordType.PARAMS, requestId, "");
}

/** Reads pairs back. @throws RangeError when a length points beyond the content */
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
