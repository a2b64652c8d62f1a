/** `logging: "structured"`: records of Python's logging as data. */
import { describe, expect, it } from "vitest";
import type { LogFields, StructuredLogger } from "../../src/python.ts";
import { type Hosted, hostPython, startPython } from "../support/python.ts";

const RECORDS = 20_000;

type Call = [method: string, message: string, fields?: LogFields];

class Calls implements StructuredLogger {
  readonly all: Call[] = [];
  readonly #waiters: { readonly text: string; resolve(call: Call): void }[] = [];

  debug = (...call: unknown[]): void => this.#add("debug", call);
  info = (...call: unknown[]): void => this.#add("info", call);
  warn = (...call: unknown[]): void => this.#add("warn", call);
  error = (...call: unknown[]): void => this.#add("error", call);

  /** Resolves with the first call whose message contains this text, past or future. */
  said(text: string): Promise<Call> {
    const call = this.all.find(([, message]) => message.includes(text));
    return call !== undefined ? Promise.resolve(call) : new Promise((resolve) => this.#waiters.push({ text, resolve }));
  }

  #add(method: string, args: unknown[]): void {
    const call = (args.length === 2 ? [method, args[1], args[0]] : [method, args[0]]) as Call;
    this.all.push(call);
    for (const { text, resolve } of this.#waiters) if (call[1].includes(text)) resolve(call);
  }
}

async function host(): Promise<Hosted & { calls: Calls }> {
  const calls = new Calls();
  return { ...(await hostPython("records:application", { logging: "structured", logger: calls })), calls };
}

/** Returns the calls that a request to this path makes, all of the log if it is given no path. */
async function callsOf(path: string): Promise<Call[]> {
  const { url, app, calls } = await host();
  const from = calls.all.length;
  await fetch(url + path, { method: "POST", headers: { "X-Request-Id": "asked" } });
  await app.close();
  return calls.all.slice(from).filter(([, message]) => !message.includes("at import"));
}

describe('logging: "structured"', () => {
  it("each level has its method, and each record its logger, time, process and request", async () => {
    const start = Date.now();
    const calls = await callsOf("/levels");
    const levels = calls.map(([method, message, fields]) => [method, message, fields?.levelname, fields?.logger]);
    expect(levels).toEqual([
      ["debug", "at 10", "DEBUG", "shop.stock"],
      ["info", "at 20", "INFO", "shop.stock"],
      ["warn", "at 30", "WARNING", "shop.stock"],
      ["error", "at 40", "ERROR", "shop.stock"],
      ["error", "at 50", "CRITICAL", "shop.stock"],
      ["info", "of a logger alone", "INFO", "alone"],
    ]);
    for (const [, , fields] of calls) {
      expect(Object.keys(fields as LogFields).sort()).toEqual([
        "created",
        "levelname",
        "logger",
        "processId",
        "requestId",
      ]);
      expect(fields).toMatchObject({ requestId: "asked", processId: expect.any(Number) });
      expect(fields?.created).toBeGreaterThan(start - 1_000);
      expect(fields?.created).toBeLessThan(Date.now() + 1_000);
    }
  });

  it("extra fields are data, as far as JSON can express them; long texts are cut", async () => {
    const calls = await callsOf("/extra");
    const fields = (message: string): unknown => calls.find((call) => call[1] === message)?.[2]?.extra;
    expect(fields("extra")).toEqual({ item: 3, odd: "<Odd>", nan: "nan", deep: { a: [1, null] }, loop: "[[...]]" });
    expect(fields("fits")).toEqual({ item: 1 });
    expect(fields("unshowable")).toEqual({ a: "<Unshowable without repr()>" });
    expect(calls.find(([, message]) => message.startsWith("€"))?.[1]).toMatch(/^€{5333}\[\.\.\.\]$/);
    expect(calls.map(([, message]) => message)).toContain("a\\x1b[31mж😀\\ud800");
  });

  it("a record that cannot be made is reported on stderr", async () => {
    const calls = await callsOf("/extra");
    const reports = calls.filter(([, message]) => message.startsWith("--- Logging error ---\nTraceback"));
    expect(reports.map(([method]) => method)).toEqual(["error"]);
    expect(reports[0]?.[1]).toContain("TypeError: %d format");
  });

  it("exc_info is an error object, stack_info a text", async () => {
    const [call] = await callsOf("/exception");
    expect(call?.slice(0, 2)).toEqual(["warn", "caught"]);
    expect({ ...call?.[2]?.err }).toEqual({
      name: "LookupError",
      message: "of the shop",
      stack: expect.stringMatching(/^Traceback .* in do_exception\n.*\nLookupError: of the shop\n$/s),
    });
    expect(call?.[2]?.stackInfo).toMatch(/^Stack \(most recent call last\):\n.* in do_exception\n/s);
  });

  it("a thread of the app belongs to no request", async () => {
    expect((await callsOf("/thread"))[0]).toEqual([
      "info",
      "in a thread",
      expect.not.objectContaining({ requestId: "asked" }),
    ]);
  });

  it("a forked child writes lines to stderr", async () => {
    expect(await callsOf("/fork")).toEqual([["error", "ERROR:shop.stock:in a forked child"]]);
  });

  it("what is logged while the app is imported is a line, as the app formats it", async () => {
    const { app, calls } = await host();
    await app.close();
    expect(calls.all.filter(([level]) => level !== "info")).toEqual([["warn", "at import"]]);
  });

  it("60,000 records of three threads arrive, those of each thread in order", async () => {
    const calls = await callsOf("/floods");
    const numbers = calls.map(([, message]) => Number(message));
    expect(numbers).toHaveLength(3 * RECORDS);
    const seen = new Map<number, number>();
    let misplaced = 0;
    for (const number of numbers) {
      seen.set(number, (seen.get(number) ?? 0) + 1);
      if (number > 0 && (seen.get(number) ?? 0) > (seen.get(number - 1) ?? 0)) misplaced += 1;
    }
    expect(misplaced).toBe(0);
    expect(new Set(seen.values())).toEqual(new Set([3]));
  });

  it("what is logged directly before os._exit() arrives", async () => {
    const { url, calls } = await host();
    await fetch(`${url}/last_word`, { method: "POST" });
    await calls.said("ended with code 7");
    expect(calls.all.map(([, message]) => message)).toContain("the last word");
  });

  it("a logger without debug() gets DEBUG records as info; one that throws affects nothing", async () => {
    const heard: unknown[] = [];
    const info = (...call: unknown[]): void => {
      heard.push(call[1]);
    };
    const logger = { info, warn: info, error: info };
    const { url, app } = await hostPython("records:application", { logging: "structured", logger });
    await fetch(`${url}/levels`);
    await app.close();
    expect(heard).toContain("at 10");
  });

  it("other values are refused", () => {
    expect(() => startPython("records:application", { logging: "json" as never })).toThrow(
      'logging must be "lines" or "structured", got "json"',
    );
  });
});
