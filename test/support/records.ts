/** FastCGI records as a responder sends them, and as a test reads them. */
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { header, pair, REQUEST_ID, RecordType, record } from "../../src/fastcgi/records.ts";

export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** A record with padding, which ours never have and others' may. */
export function padded(type: number, content: string, padding: number): string {
  const head = header(type, REQUEST_ID, content.length);
  return head.slice(0, 6) + String.fromCharCode(padding, 0) + content + "\xee".repeat(padding);
}

export const stdout = (content: string): string => record(RecordType.STDOUT, REQUEST_ID, content);
export const stderr = (content: string): string => record(RecordType.STDERR, REQUEST_ID, content);

export function exception(type: string, traceback: string): string {
  return record(RecordType.EXCEPTION, REQUEST_ID, pair("type", type) + pair("traceback", traceback));
}

export function endRequest(appStatus = 0, protocolStatus = 0): string {
  const status = [24, 16, 8, 0].map((shift) => String.fromCharCode((appStatus >>> shift) & 0xff)).join("");
  return record(RecordType.END_REQUEST, REQUEST_ID, `${status}${String.fromCharCode(protocolStatus)}\0\0\0`);
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
