/** Makes the FastCGI records that a responder sends, and reads records in tests. */
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

/** Returns a record with padding. This package sends none; other implementations may. */
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

/** Gives the records of request 1 another id. Keeps everything that is not a record. */
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

/** One record, or several of one stream that `join` has joined. */
export type Seen = [type: number, content: string];

/** Reads all records in these chunks. */
export function readAll(...chunks: Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const reader = new RecordReader((type, _id, content) => seen.push([type, content.toString("latin1")]));
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

/** Joins adjacent records of the same stream, so that it does not matter how the stream was split. */
export function join(seen: readonly Seen[]): Seen[] {
  const joined: Seen[] = [];
  for (const [type, content] of seen) {
    const last = joined.at(-1);
    if (last?.[0] === type && content !== "" && last[1] !== "") last[1] += content;
    else joined.push([type, content]);
  }
  return joined;
}
