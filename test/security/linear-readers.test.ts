/** Readers that are given many small parts, in one buffer or byte by byte (CONFORMANCE ISO-04). */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { RecordType, record } from "../../src/fastcgi/records.ts";
import { HttpResponseReader } from "../../src/remote/http-reader.ts";
import { bytesInput } from "../../src/wsgi/input.ts";

const KB = 1024;
/** Four times the input may take so many times the time: linear is 4, squared is 16. */
const MOST = 8;
/** A busy machine disturbs a measurement, so that it is made again; squared time stays squared. */
const TRIES = 10;
/** The first times of the small sizes are those of code that is not compiled yet, which makes the ratio look smaller. */
const ROUNDS = 4;
/** Milliseconds. Squared time would fill minutes with these tries, so that after so many there is no further one. */
const ENOUGH = 5_000;
/** Milliseconds. Below that the collector of garbage decides the time, so that less counts as so long. */
const LEAST = 1;

type Work = () => unknown;

const LENGTHS = [16 * KB, 64 * KB, 256 * KB];
/** A FastCGI record has no more than 64 KiB, so that these sizes lie below. */
const RECORD_LENGTHS = [4 * KB - 8, 16 * KB - 8, 64 * KB - 8];

async function growth(prepare: (length: number) => Work, lengths: readonly number[]): Promise<number> {
  const works = lengths.map(prepare);
  const best = works.map(() => Number.POSITIVE_INFINITY);
  const began = performance.now();
  let largest = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && (tried < ROUNDS || largest > MOST); tried += 1) {
    if (tried > 0 && performance.now() - began > ENOUGH) break;
    for (const [at, work] of works.entries()) {
      const start = performance.now();
      await work();
      best[at] = Math.max(LEAST, Math.min(best[at] as number, performance.now() - start));
    }
    largest = Math.max(...best.slice(1).map((time, at) => time / (best[at] as number)));
  }
  return largest;
}

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

describe("ISO-04: time grows with the bytes alone", () => {
  it.each([
    ["chunks of one byte", response(CHUNKED, "1\r\nx\r\n")],
    ["trailers", response(`${CHUNKED}0\r\n`, "a:b\r\n")],
    ["interim heads", response("", "HTTP/1.1 100 C\r\n\r\n")],
  ])("of a response whose %s come in one buffer", async (_parts, prepare) => {
    expect(await growth(prepare, LENGTHS)).toBeLessThanOrEqual(MOST);
  });

  it.each([
    ["PARAMS", RecordType.PARAMS],
    ["STDIN", RecordType.STDIN],
  ])("of a %s record that comes byte by byte", async (_name, type) => {
    expect(await growth(byteByByte(type), RECORD_LENGTHS)).toBeLessThanOrEqual(MOST);
  });

  it("of records of 8 bytes that NodeLane receives", async () => {
    const script = fileURLToPath(new URL("../support/node_lane_growth.py", import.meta.url));
    const env = { ...process.env, PYTHONPATH: fileURLToPath(new URL("../../python", import.meta.url)) };
    const ratio = execFileSync("python3", [script, String(MOST), String(TRIES)], { env, encoding: "utf8" });
    expect(Number(ratio)).toBeLessThanOrEqual(MOST);
  });
});

it("hands on a record that came in pieces as bytes of its own", () => {
  const seen: Buffer[] = [];
  const reader = new RecordReader((_type, _id, content) => seen.push(content));
  const bytes = Buffer.from(record(RecordType.PARAMS, 1, "first") + record(RecordType.PARAMS, 1, "other"), "latin1");
  for (let at = 0; at < bytes.length; at += 3) reader.push(bytes.subarray(at, at + 3));
  expect(seen.map(String)).toEqual(["first", "other"]);
});

/** Bytes that count how many of them are searched: a search is too fast for a clock to show that it is made again. */
class Searched extends Uint8Array {
  static count = 0;

  override indexOf(byte: number, from?: number): number {
    Searched.count += this.length;
    return super.indexOf(byte, from);
  }
}

it("ISO-04: a body that is read by readline(1) is not searched again for each byte", async () => {
  const length = 16 * KB;
  const input = bytesInput(new Searched(length));
  while ((await input.readline(1)).length > 0);
  expect(Searched.count).toBeLessThanOrEqual(2 * length);
});

it("reads a line up to its size, and the rest of it after that", async () => {
  const input = bytesInput(Buffer.from("abcd\nef"));
  const lines = [await input.readline(3), await input.readline(2), await input.readline(9), await input.readline()];
  expect(lines.map(String)).toEqual(["abc", "d\n", "ef", ""]);
});
