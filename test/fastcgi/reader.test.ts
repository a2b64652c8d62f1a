import { describe, expect, it } from "vitest";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { RecordType, record } from "../../src/fastcgi/records.ts";
import { endRequest, exception, join, latin1, padded, readAll, stderr, stdout } from "../support/records.ts";

const { STDOUT, STDERR, END_REQUEST, PARAMS, STDIN, EXCEPTION, GET_VALUES_RESULT } = RecordType;

/** Sequences of records, to be cut at every position. */
const SEQUENCES: [title: string, bytes: string][] = [
  ["a response", stdout("Status: 200 OK\r\n\r\n") + stderr("log") + stdout("body") + stdout("") + endRequest()],
  ["two requests", stdout("a") + endRequest() + stdout("b") + endRequest(1, 2)],
  [
    "records with padding",
    padded(STDOUT, "abc", 5) + padded(STDOUT, "", 3) + padded(END_REQUEST, "\0\0\0\0\0\0\0\0", 7),
  ],
  ["records that must be whole", record(PARAMS, 1, "params") + exception("E", "t") + record(GET_VALUES_RESULT, 0, "v")],
  ["empty records alone", stdout("") + record(STDIN, 1, "") + record(PARAMS, 1, "")],
];

describe("every cut", () => {
  it.each(SEQUENCES)("of %s gives the same records", (_title, text) => {
    const bytes = latin1(text);
    const whole = join(readAll(bytes));
    expect(whole.length).toBeGreaterThan(1);
    for (let i = 1; i < bytes.length; i += 1) {
      expect(join(readAll(bytes.subarray(0, i), bytes.subarray(i))), `cut at ${i}`).toEqual(whole);
      for (let j = i + 1; j < bytes.length; j += 1) {
        const pieces = [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)];
        expect(join(readAll(...pieces)), `cut at ${i} and ${j}`).toEqual(whole);
      }
    }
  });

  it.each(SEQUENCES)("of %s into single bytes gives the same records", (_title, text) => {
    const bytes = latin1(text);
    const singles = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect(join(readAll(...singles))).toEqual(join(readAll(bytes)));
  });
});

describe("a record", () => {
  it("of a stream is passed on as it arrives", () => {
    const bytes = latin1(stdout("abcdef"));
    expect(readAll(bytes.subarray(0, 10))).toEqual([[STDOUT, "ab"]]);
    expect(readAll(bytes.subarray(0, 10), bytes.subarray(10, 11))).toEqual([
      [STDOUT, "ab"],
      [STDOUT, "c"],
    ]);
  });

  it.each([
    ["PARAMS", record(PARAMS, 1, "abc")],
    ["END_REQUEST", endRequest()],
    ["EXCEPTION", exception("E", "t")],
  ])("of type %s is passed on only when it is complete", (_name, text) => {
    const bytes = latin1(text);
    expect(readAll(bytes.subarray(0, -1))).toEqual([]);
    expect(readAll(bytes.subarray(0, -1), bytes.subarray(-1))).toHaveLength(1);
  });

  it("is not delayed by its padding", () => {
    const bytes = latin1(padded(END_REQUEST, "\0\0\0\0\0\0\0\0", 8));
    expect(readAll(bytes.subarray(0, 16))).toHaveLength(1);
    expect(readAll(bytes.subarray(0, 16), bytes.subarray(16), latin1(stdout("a")))).toHaveLength(2);
  });

  it("that is empty is passed on once", () => {
    expect(readAll(latin1(stdout("")), latin1(stderr("")))).toEqual([
      [STDOUT, ""],
      [STDERR, ""],
    ]);
  });

  it("WRK-06: comes with its request's id", () => {
    const ids: number[] = [];
    new RecordReader((_type, id) => ids.push(id)).push(latin1(record(STDOUT, 0x0102, "a") + record(EXCEPTION, 0, "")));
    expect(ids).toEqual([0x0102, 0]);
  });

  it("of the maximum length is read as one", () => {
    const content = "x".repeat(0xffff);
    expect(readAll(latin1(record(PARAMS, 1, content)))).toEqual([[PARAMS, content]]);
  });
});

it.each(["HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0\0\0\0\0", `${stdout("a")}\x02${stdout("b").slice(1)}`])(
  "WRK-05: %j is no FastCGI",
  (text) => {
    expect(() => readAll(latin1(text))).toThrow(RangeError);
  },
);
