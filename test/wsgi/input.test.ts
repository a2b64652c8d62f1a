import { describe, expect, it } from "vitest";
import { ClientDisconnectError } from "../../src/errors.ts";
import { BodyInput, bytesInput, EMPTY_INPUT } from "../../src/wsgi/input.ts";
import type { InputStream } from "../../src/wsgi/types.ts";
import { bytes, signal } from "../support/bytes.ts";
import { inputOf, PieceSource } from "../support/source.ts";

const text = (block: Uint8Array): string => Buffer.from(block).toString("latin1");

/** The results of the calls, as text. Calls: `read 3`, `readline`, `readlines 2`. */
async function perform(input: InputStream, calls: readonly string[]): Promise<(string | string[])[]> {
  const results: (string | string[])[] = [];
  for (const call of calls) {
    const [method, argument] = call.split(" ");
    const size = argument === undefined ? undefined : Number(argument);
    if (method === "readlines") results.push((await input.readlines(size)).map(text));
    else results.push(text(await (method === "read" ? input.read(size) : input.readline(size))));
  }
  return results;
}

/** Every way to cut a text into one, two or three pieces. */
function cuts(whole: string): string[][] {
  const all: string[][] = [[whole]];
  for (let i = 1; i < whole.length; i += 1) {
    all.push([whole.slice(0, i), whole.slice(i)]);
    for (let j = i + 1; j < whole.length; j += 1) all.push([whole.slice(0, i), whole.slice(i, j), whole.slice(j)]);
  }
  return all;
}

describe("BodyInput", () => {
  it.each([
    ["INP-02", "abcdefg", ["read 3", "read 3", "read 3", "read 3"], ["abc", "def", "g", ""]],
    ["INP-02", "abc", ["read 0", "read"], ["", "abc"]],
    ["INP-03", "abc\xff\0", ["read", "read"], ["abc\xff\0", ""]],
    ["INP-03", "abc", ["read -1", "read -1"], ["abc", ""]],
    ["INP-04", "abc", ["read 9", "read 9", "readline", "readlines", "read"], ["abc", "", "", [], ""]],
    [
      "INP-05",
      "ab\nc\n\nd",
      ["readline", "readline", "readline", "readline", "readline"],
      ["ab\n", "c\n", "\n", "d", ""],
    ],
    ["INP-05", "abcd\ne", ["readline 2", "readline 3", "readline 9"], ["ab", "cd\n", "e"]],
    ["INP-05", "abcd", ["readline 3", "readline 3", "readline 3"], ["abc", "d", ""]],
    ["INP-05", "ab\nc", ["readline 0", "readline -1", "readline"], ["", "ab\n", "c"]],
    ["INP-05", "a\r\nb\rc", ["readline", "readline"], ["a\r\n", "b\rc"]],
    ["INP-06", "a\nbc\nd", ["readlines", "readlines"], [["a\n", "bc\n", "d"], []]],
    [
      "INP-06",
      "a\nbc\nd\ne",
      ["readlines 3", "readlines 0"],
      [
        ["a\n", "bc\n"],
        ["d\n", "e"],
      ],
    ],
    ["INP-06", "a\nbc\nd", ["readlines 2", "readlines -1"], [["a\n"], ["bc\n", "d"]]],
    ["INP-01", "ab\ncd\nef", ["read 1", "readline", "read 1", "readlines"], ["a", "b\n", "c", ["d\n", "ef"]]],
  ])("%s: of %j, %j are %j, however it arrives", async (_number, body, calls, expected) => {
    for (const pieces of cuts(body))
      expect(await perform(inputOf(...pieces), calls), pieces.join("|")).toEqual(expected);
  });

  it("INP-07: iteration yields lines, like readline()", async () => {
    const lines: string[] = [];
    for await (const line of inputOf("a", "b\n\nc", "\nd")) lines.push(text(line));
    expect(lines).toEqual(["ab\n", "\n", "c\n", "d"]);
  });

  it("INP-08: everything is Uint8Array", async () => {
    const input = inputOf("a\nb\nc\nd");
    const all = [await input.read(1), await input.readline(), ...(await input.readlines(1)), await input.read(0)];
    for (const one of all) expect(one).toBeInstanceOf(Uint8Array);
  });

  it("reads nothing before a call, and no more than the call needs", async () => {
    const source = new PieceSource("ab", "cd", "ef");
    const input = new BodyInput(source);
    expect(source.asked).toBe(0);
    await input.read(0);
    expect(source.asked).toBe(0);
    await input.read(3);
    expect(source.asked).toBe(2);
    await input.read(1);
    expect(source.asked).toBe(2);
  });

  it("INP-09: a body that breaks off is an error in every method, however often it is asked", async () => {
    const broken = new ClientDisconnectError("gone");
    for (const method of ["read", "readline", "readlines"] as const) {
      const input = inputOf("ab", broken);
      await expect(input[method]()).rejects.toBe(broken);
      await expect(input[method]()).rejects.toBe(broken);
    }
    const iteration = async (): Promise<void> => {
      for await (const line of inputOf("a", broken)) expect(line).toBeUndefined();
    };
    await expect(iteration()).rejects.toBe(broken);
  });

  it("INP-09: what came before the break can be read in parts", async () => {
    const input = inputOf("ab\ncd", new ClientDisconnectError("gone"));
    expect(text(await input.read(2))).toBe("ab");
    expect(text(await input.readline())).toBe("\n");
    expect(text(await input.read(2))).toBe("cd");
    await expect(input.read(1)).rejects.toThrow(ClientDisconnectError);
  });

  it("runs overlapping calls one after another", async () => {
    const come = signal<Uint8Array | undefined>();
    let asked = 0;
    const input = new BodyInput({
      next: () => {
        asked += 1;
        return asked === 1 ? come.promise : Promise.resolve(undefined);
      },
    });
    const reads = [input.read(2), input.readline(), input.read()];
    come.fire(bytes("abc\ndef"));
    expect((await Promise.all(reads)).map(text)).toEqual(["ab", "c\n", "def"]);
  });

  it("a call after a failed one works as well", async () => {
    const failure = new Error("once");
    let asked = 0;
    const input = new BodyInput({
      next: async () => {
        asked += 1;
        if (asked === 1) throw failure;
        return asked === 2 ? bytes("ab") : undefined;
      },
    });
    const [first, second] = await Promise.allSettled([input.read(), input.read()]);
    expect(first).toEqual({ status: "rejected", reason: failure });
    expect(second).toMatchObject({ status: "fulfilled" });
  });
});

describe("bodies that need no reading", () => {
  it("INP-10: a request without a body reads as empty at once", async () => {
    expect(await perform(EMPTY_INPUT, ["read", "read 5", "readline", "readlines"])).toEqual(["", "", "", []]);
  });

  it.each([
    ["ab\nc", ["ab\n", "c", ""]],
    ["", ["", "", ""]],
  ])("bytesInput(%j) gives its lines", async (body, lines) => {
    expect(await perform(bytesInput(bytes(body)), ["readline", "readline", "readline"])).toEqual(lines);
  });
});
