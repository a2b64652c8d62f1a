import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/errors.ts";
import { checkLogger, describe as describeThrown, LineSplitter, printable } from "../../src/wsgi/log.ts";
import { LogErrors } from "../../src/wsgi/log-errors.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";
import { MemoryLogger } from "../support/logger.ts";

describe("printable", () => {
  it.each(docTable("src/wsgi/log.ts", "printable"))("$call → $result", (row) => expectDocRow(printable, row));

  it("ERR-05: no control character but HTAB and LF is left, and nothing else is touched", () => {
    const all = String.fromCharCode(...Array.from({ length: 0x180 }, (_, code) => code));
    const left = printable(all);
    expect(left.match(/[\x00-\x1f\x7f-\x9f]/g)).toEqual(["\t", "\n"]);
    expect(left).toContain(all.slice(0x20, 0x7f));
    expect(left).toContain(all.slice(0xa0));
  });
});

/** The output of the splitter for these pushes; `null` is a flush. */
function split(...pushes: (string | null)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const text of pushes) text === null ? splitter.flush() : splitter.push(text);
  return lines;
}

describe("LineSplitter", () => {
  it.each([
    [["a\nb\n"], ["a", "b"]],
    [["a", "b", "\nc"], ["ab"]],
    [
      ["a\r\n", "b\r", "\nc\n"],
      ["a", "b", "c"],
    ],
    [["\n\n"], ["", ""]],
    [
      ["a", null, "b", null],
      ["a", "b"],
    ],
    [[null, "a\n", null], ["a"]],
    [["a\x1b[2Jb\n"], ["a\\x1b[2Jb"]],
    [["a\rb\n"], ["a\\x0db"]],
  ])("ERR-03: %j gives the lines %j", (pushes, lines) => {
    expect(split(...pushes)).toEqual(lines);
  });

  it("returns a line without an end in pieces, so that it cannot fill the memory", () => {
    const lines = split(...Array.from({ length: 40 }, () => "x".repeat(4096)));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("").length).toBeGreaterThanOrEqual(40 * 4096 - 64 * 1024);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(64 * 1024 + 4096);
  });
});

describe("wsgi.errors", () => {
  it("ERR-01: has write, writelines and flush", () => {
    const logger = new MemoryLogger();
    const errors = new LogErrors(logger);
    errors.write("a");
    errors.writelines(["b\n", "c"]);
    errors.flush();
    errors.flush();
    expect(logger.lines).toEqual(["ab", "c"]);
  });

  it("ERR-02: takes any Unicode", () => {
    const logger = new MemoryLogger();
    new LogErrors(logger).write("ж😀\ud800\n");
    expect(logger.lines).toEqual(["ж😀\ud800"]);
  });

  it("ERR-03: the lines of two requests are never mixed", () => {
    const logger = new MemoryLogger();
    const [one, two] = [new LogErrors(logger), new LogErrors(logger)];
    one.write("one ");
    two.write("two ");
    one.write("1\n");
    two.write("2\n");
    expect(logger.lines).toEqual(["one 1", "two 2"]);
  });

  it("ERR-04: is the logger's error, not its info", () => {
    const heard: string[] = [];
    const logger = { info: () => heard.push("info"), warn: () => heard.push("warn"), error: () => heard.push("error") };
    new LogErrors(logger).write("a\n");
    expect(heard).toEqual(["error"]);
  });
});

describe("checkLogger", () => {
  it("returns the logger", () => {
    expect(checkLogger(console)).toBe(console);
  });

  it.each([[undefined], [null], [{}], [{ info() {}, warn() {} }], [() => undefined]])("refuses %o", (value) => {
    expect(() => checkLogger(value as never)).toThrow(OptionError);
  });
});

describe("describe", () => {
  const throwing = Object.defineProperty(new Error("a"), "stack", {
    get() {
      throw new Error("b");
    },
  });
  it.each([
    [new Error("a"), /^Error: a\n +at /],
    ["a", /^a$/],
    [undefined, /^undefined$/],
    [Symbol("a"), /^Symbol\(a\)$/],
    [Object.create(null), /^a value that cannot be shown$/],
    [throwing, /^a value that cannot be shown$/],
  ])("makes text of whatever was thrown (%#)", (thrown, text) => {
    expect(describeThrown(thrown)).toMatch(text);
  });
});
