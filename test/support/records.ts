/** FastCGI records as a responder sends them, and as a test reads them. */
import { RecordReader } from "../../src/fastcgi/reader.ts";
import {
  FIRST_REQUEST_ID,
  HEADER_LENGTH,
  header,
  pair,
  RecordType,
  record,
  VERSION,
} from "../../src/fastcgi/records.ts";

export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** A record with padding, which ours never have and others' may. */
export function padded(type: number, content: string, padding: number): string {
  const head = header(type, FIRST_REQUEST_ID, content.length);
  return head.slice(0, 6) + String.fromCharCode(padding, 0) + content + "\xee".repeat(padding);
}

export const stdout = (content: string): string => record(RecordType.STDOUT, FIRST_REQUEST_ID, content);
export const stderr = (content: string): string => record(RecordType.STDERR, FIRST_REQUEST_ID, content);

export function exception(type: string, traceback: string): string {
  return record(RecordType.EXCEPTION, FIRST_REQUEST_ID, pair("type", type) + pair("traceback", traceback));
}

export function endRequest(appStatus = 0, protocolStatus = 0): string {
  const status = [24, 16, 8, 0].map((shift) => String.fromCharCode((appStatus >>> shift) & 0xff)).join("");
  return record(RecordType.END_REQUEST, FIRST_REQUEST_ID, `${status}${String.fromCharCode(protocolStatus)}\0\0\0`);
}

/** The same records for a connection's later request: those of the first one get its id. What is no record stays as it is. */
export function renumbered(records: string, id: number): string {
  let text = "";
  let at = 0;
  while (records.charCodeAt(at) === VERSION && records.length - at >= HEADER_LENGTH) {
    const code = (index: number): number => records.charCodeAt(at + index);
    const end = at + HEADER_LENGTH + (code(4) << 8) + code(5) + code(6);
    const isFirst = (code(2) << 8) + code(3) === FIRST_REQUEST_ID;
    const number = isFirst ? String.fromCharCode(id >> 8, id & 0xff) : records.slice(at + 2, at + 4);
    text += records.slice(at, at + 2) + number + records.slice(at + 4, end);
    at = end;
  }
  return text + records.slice(at);
}

/** One record as `[type, content]`; slices of a stream are one again. */
export type Seen = [type: number, content: string];

/** All records in these bytes, cut as they come. */
export function readAll(...chunks: Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const reader = new RecordReader((type, _id, content) => seen.push([type, content.toString("latin1")]));
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

/** Neighbours of one type as one, so that the way in which a stream was sliced is not seen. */
export function join(seen: readonly Seen[]): Seen[] {
  const joined: Seen[] = [];
  for (const [type, content] of seen) {
    const last = joined.at(-1);
    if (last?.[0] === type && content !== "" && last[1] !== "") last[1] += content;
    else joined.push([type, content]);
  }
  return joined;
}
