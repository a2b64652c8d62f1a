/** Readers that get many small parts, in one buffer or byte by byte (CONFORMANCE ISO-04). */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { RecordType, record } from "../../src/fastcgi/records.ts";
import { HttpResponseReader } from "../../src/remote/http-reader.ts";
import { bytesInput } from "../../src/wsgi/input.ts";
import { growth, MOST, type Work } from "../support/growth.ts";
import { runPythonProgram } from "../support/python-program.ts";

const KB = 1024;
/** A FastCGI record has at most 64 KiB, so these sizes are smaller. */
const RECORD_SIZES = [4 * KB - 8, 16 * KB - 8, 64 * KB - 8];

function response(head: string, part: string): (length: number) => Work {
  return (length) => {
    const bytes = Buffer.from(head + part.repeat(length / part.length), "latin1");
    return () => new HttpResponseReader("GET", { head: () => undefined, body: () => undefined }).push(bytes);
  };
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

function byteByByte(type: number): (length: number) => Work {
  return (length) => {
    const bytes = Buffer.from(record(type, 1, "x".repeat(length)), "latin1");
    return () => {
      const reader = new RecordReader(() => undefined);
      for (let at = 0; at < bytes.length; at += 1) reader.push(bytes.subarray(at, at + 1));
    };
  };
}

describe("ISO-04: the time grows only with the number of bytes", () => {
  it.each([
    ["chunks of one byte", response(CHUNKED, "1\r\nx\r\n")],
    ["trailers", response(`${CHUNKED}0\r\n`, "a:b\r\n")],
    ["interim heads", response("", "HTTP/1.1 100 C\r\n\r\n")],
  ])("of a response whose %s arrive in one buffer", async (_parts, prepare) => {
    expect(await growth(prepare)).toBeLessThanOrEqual(MOST);
  });

  it.each([
    ["PARAMS", RecordType.PARAMS],
    ["STDIN", RecordType.STDIN],
  ])("of a %s record that arrives byte by byte", async (_name, type) => {
    expect(await growth(byteByByte(type), RECORD_SIZES)).toBeLessThanOrEqual(MOST);
  });

  it("of records of 8 bytes that NodeLane receives", async () => {
    const script = fileURLToPath(new URL("../support/node_lane_growth.py", import.meta.url));
    const ratio = runPythonProgram([script, String(MOST), "10"]);
    expect(Number(ratio)).toBeLessThanOrEqual(MOST);
  });
});

it("copies the bytes of a record that arrives in pieces", () => {
  const seen: Buffer[] = [];
  const reader = new RecordReader((_type, _id, content) => seen.push(content));
  const bytes = Buffer.from(record(RecordType.PARAMS, 1, "first") + record(RecordType.PARAMS, 1, "other"), "latin1");
  for (let at = 0; at < bytes.length; at += 3) reader.push(bytes.subarray(at, at + 3));
  expect(seen.map(String)).toEqual(["first", "other"]);
});

/** Bytes that count how many of them are searched: one search is too fast to measure whether it is repeated. */
class Searched extends Uint8Array {
  static count = 0;

  override indexOf(byte: number, from?: number): number {
    Searched.count += this.length;
    return super.indexOf(byte, from);
  }
}

it("ISO-04: a body that is read with readline(1) is not searched again for each byte", async () => {
  const length = 16 * KB;
  const input = bytesInput(new Searched(length));
  while ((await input.readline(1)).length > 0);
  expect(Searched.count).toBeLessThanOrEqual(2 * length);
});

it("reads a line up to `size` bytes, and then the rest of it", async () => {
  const input = bytesInput(Buffer.from("abcd\nef"));
  const lines = [await input.readline(3), await input.readline(2), await input.readline(9), await input.readline()];
  expect(lines.map(String)).toEqual(["abc", "d\n", "ef", ""]);
});
