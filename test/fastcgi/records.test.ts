/** The codec, and the equality of its two halves: Python reads what TypeScript writes, and the other way round. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as records from "../../src/fastcgi/records.ts";
import { runPythonProgram } from "../support/python-program.ts";

const { header, MAX_CONTENT, pair, FIRST_REQUEST_ID, RecordType, readPairs, record, stream } = records;

const CODEC = fileURLToPath(new URL("../support/codec.py", import.meta.url));

/** Asks the Python codec. All questions go to one process. */
function askPython(...questions: [kind: string, argument: unknown][]): unknown[] {
  return JSON.parse(runPythonProgram([CODEC], JSON.stringify(questions)));
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const long = (count: number): string => "x".repeat(count);

/** Pairs of every shape: both forms of the length on either side of their border, empty parts, all bytes. */
const PAIRS: [name: string, value: string][] = [
  ["", ""],
  ["A", ""],
  ["HTTP_HOST", "h"],
  [long(127), long(127)],
  [long(128), long(127)],
  [`N${long(126)}`, long(128)],
  ["LONG", long(65_536)],
  ["LONGER", long(0x1_0001)],
  ["BYTES", String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))],
];

describe("the two halves", () => {
  it("have the same constants", () => {
    const [theirs] = askPython(["constants", null]);
    const { RecordType: types, Role, ProtocolStatus, ...others } = records;
    const numbers = Object.entries(others).filter(([, value]) => typeof value === "number");
    expect(theirs).toEqual({ ...types, ...Role, ...ProtocolStatus, ...Object.fromEntries(numbers) });
  });

  it("write pairs alike, and read each other's", () => {
    const ours = PAIRS.map(([name, value]) => pair(name, value));
    const theirs = askPython(...PAIRS.map((one): [string, unknown] => ["pair", one]), ["read_pairs", ours.join("")]);
    expect(theirs.pop()).toEqual(PAIRS);
    expect(theirs).toEqual(ours);
    expect([...readPairs(latin1(ours.join("")))]).toEqual(PAIRS);
  });

  it("refuse the same pairs, cut off at any byte but between two of them", () => {
    const whole = pair("AB", "cde") + pair("F", long(130));
    const cuts = Array.from({ length: whole.length + 1 }, (_, at) => whole.slice(0, at));
    const theirs = askPython(...cuts.map((cut): [string, unknown] => ["read_pairs", cut]));
    const ours = cuts.map((cut) => {
      try {
        return [...readPairs(latin1(cut))];
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return "WrongRecordError";
      }
    });
    expect(ours).toEqual(theirs);
    const between = pair("AB", "cde").length;
    expect(ours.flatMap((result, at) => (typeof result === "string" ? [] : [at]))).toEqual([0, between, whole.length]);
  });

  it("cut a stream alike, at 65535 bytes, and end it with no record of their own", () => {
    const lengths = [0, 1, MAX_CONTENT, MAX_CONTENT + 1, 3 * MAX_CONTENT];
    const ours = lengths.map((count) => stream(RecordType.STDOUT, FIRST_REQUEST_ID, long(count)));
    expect(askPython(...lengths.map((n): [string, unknown] => ["stream", [RecordType.STDOUT, long(n)]]))).toEqual(ours);
    expect(ours.map((one, i) => (one.length - (lengths[i] as number)) / records.HEADER_LENGTH)).toEqual([
      0, 1, 1, 2, 3,
    ]);
  });

  it("write headers alike", () => {
    const headers = [
      header(RecordType.STDERR, 0x1234, 0xabcd),
      header(RecordType.PARAMS, 1, 0),
      `\x02${header(1, 1, 0).slice(1)}`,
    ];
    expect(askPython(...headers.map((one): [string, unknown] => ["read_header", one]))).toEqual([
      [RecordType.STDERR, 0x1234, 0xabcd, 0],
      [RecordType.PARAMS, 1, 0, 0],
      "WrongRecordError",
    ]);
  });
});

describe("FastCGI 1.0", () => {
  it.each([
    ["3.3", record(RecordType.STDIN, 1, "abc"), "\x01\x05\x00\x01\x00\x03\x00\x00abc"],
    ["3.3", record(RecordType.END_REQUEST, 0x0203, ""), "\x01\x03\x02\x03\x00\x00\x00\x00"],
    ["3.4", pair("A", "bc"), "\x01\x02Abc"],
    ["3.4", pair("", long(128)), `\x00\x80\x00\x00\x80${long(128)}`],
    ["3.4", pair(long(0x12345), ""), `\x80\x01\x23\x45\x00${long(0x12345)}`],
  ])("§%s: %j", (_section, ours, expected) => {
    expect(ours).toBe(expected);
  });

  it("§8: the types have the numbers of the specification", () => {
    expect(RecordType).toMatchObject({
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
    });
  });

  it("readPairs: if a name comes twice, the last value wins; __proto__ is a name", () => {
    const pairs = readPairs(latin1(pair("A", "1") + pair("__proto__", "2") + pair("A", "3")));
    expect([...pairs]).toEqual([
      ["A", "3"],
      ["__proto__", "2"],
    ]);
  });
});
