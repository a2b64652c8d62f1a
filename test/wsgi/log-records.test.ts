/** Lines that belong together are one record, with the level of the first line that names one. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Level } from "../../src/wsgi/log.ts";
import { LogRecords } from "../../src/wsgi/log-records.ts";

type Record = [level: Level, text: string];

/** Returns what is written of these lines. */
function records(text: string): Record[] {
  const written: Record[] = [];
  const open = new LogRecords("warn", (level, record) => written.push([level, record]));
  for (const line of text.split("\n")) open.push(line);
  open.flush();
  return written;
}

const TRACEBACK = `Traceback (most recent call last):
  File "shop.py", line 3, in sell
    1 / 0
    ~~^~~
ZeroDivisionError: division by zero`;

const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "shop.py", line 3, in <module>
  |     raise ExceptionGroup("two", [ValueError(1), TypeError(2)])
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------`;

const DURING = "During handling of the above exception, another exception occurred:";
const CAUSE = "The above exception was the direct cause of the following exception:";

const FATAL = `Fatal Python error: Segmentation fault

Current thread 0x00007fec4e9126c0 (most recent call first):
  File "shop.py", line 3 in sell

Thread 0x00007fec4f0a56c0 [lane-1] (most recent call first):
  <no Python frame>

Extension modules: _cffi_backend, zope (total: 2)`;

/** Records that belong to one error each. */
const ERRORS: readonly (readonly [name: string, text: string])[] = [
  ["a traceback", TRACEBACK],
  [
    "a traceback with a message of several lines and notes",
    `${TRACEBACK}\n[SQL: SELECT 1]\n(Background: https://a)\na note`,
  ],
  ["a traceback whose exception has no message", 'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError'],
  ["two exceptions, the second during the first", `${TRACEBACK}\n\n${DURING}\n\n${TRACEBACK}`],
  ["three exceptions", `${TRACEBACK}\na note\n\n${CAUSE}\n\n${TRACEBACK}\n\n${DURING}\n\n${TRACEBACK}`],
  ["a cause that was never raised", `${CAUSE}\n\n${TRACEBACK}`],
  ["an exception group", GROUP],
  ["an exception group during an exception", `${TRACEBACK}\n\n${DURING}\n\n${GROUP}`],
  ["an exception during an exception group", `${GROUP}\n\n${DURING}\n\n${TRACEBACK}`],
  ["a SyntaxError of a script", "  File \"a.py\", line 1\n    (\n    ^\nSyntaxError: '(' was never closed"],
  ["a repeated frame", `${TRACEBACK.replace("    1 / 0", "    sell()\n  [Previous line repeated 9 more times]")}`],
  ["logger.exception()", `ERROR:shop:cannot sell\n${TRACEBACK}`],
  ["logger.exception() of Flask", `[2026-11-27 10:00:00,123] ERROR in app: Exception on / [GET]\n${TRACEBACK}`],
  ["logger.exception() of a group", `ERROR:shop:cannot sell\n${GROUP}`],
  ["an exception in a thread", `Exception in thread Thread-1 (sell):\n${TRACEBACK}`],
  ["an exception in __del__", `Exception ignored in: <function A.__del__ at 0x7f>\n${TRACEBACK}`],
  ["an exception at exit", `Error in atexit._run_exitfuncs:\n${TRACEBACK}`],
  [
    "an error of logging itself",
    `--- Logging error ---\n${TRACEBACK}\nCall stack:\n  File "a.py", line 1\nMessage: 'a'\nArguments: ('b',)`,
  ],
  [
    "loguru's exception",
    `2026-11-27 10:00:00.123 | ERROR    | a:b:6 - failed\nTraceback (most recent call last):\n\n> File "a.py", line 6, in b\n    1 / 0\n    │\n\nZeroDivisionError: division by zero`,
  ],
  ["a crash", FATAL],
  ["a dump of faulthandler", FATAL.slice(FATAL.indexOf("Current"))],
];

describe("LogRecords", () => {
  it.each(ERRORS)("one error: %s", (_name, text) => {
    expect(records(text)).toEqual([["error", text]]);
  });

  it.each(ERRORS)("an info before and after it is a record of its own: %s", (_name, text) => {
    const expected = [
      ["info", "INFO:shop:a"],
      ["error", text],
      ["info", "INFO:shop:b"],
    ];
    expect(records(`INFO:shop:a\n${text}\nINFO:shop:b`)).toEqual(expected);
  });

  it.each(ERRORS)("two of them are two records: %s", (_name, text) => {
    const between = "plain";
    expect(records(`${text}\n\n${between}\n${text}`).filter(([level]) => level === "error")).toEqual([
      ["error", text],
      ["error", text],
    ]);
  });

  it.each<[string, Record[]]>([
    [
      "a\nb",
      [
        ["warn", "a"],
        ["warn", "b"],
      ],
    ],
    [
      "INFO:root:a\nINFO:root:b",
      [
        ["info", "INFO:root:a"],
        ["info", "INFO:root:b"],
      ],
    ],
    [
      "INFO:root:a\n  b\n\tc\nd",
      [
        ["info", "INFO:root:a\n  b\n\tc"],
        ["warn", "d"],
      ],
    ],
    [
      "a.py:3: DeprecationWarning: old\n  old()\nb",
      [
        ["warn", "a.py:3: DeprecationWarning: old\n  old()"],
        ["warn", "b"],
      ],
    ],
    ["/a b/c.py:3: UserWarning: old\n  old()", [["warn", "/a b/c.py:3: UserWarning: old\n  old()"]]],
    [`WARNING:root:a\n${TRACEBACK}`, [["warn", `WARNING:root:a\n${TRACEBACK}`]]],
    [
      `INFO:root:a\nStack (most recent call last):\n  File "a.py", line 1, in b\n    c()\nd`,
      [
        ["info", `INFO:root:a\nStack (most recent call last):\n  File "a.py", line 1, in b\n    c()`],
        ["warn", "d"],
      ],
    ],
    [
      "totals:\na",
      [
        ["warn", "totals:"],
        ["warn", "a"],
      ],
    ],
    ["totals:", [["warn", "totals:"]]],
    [
      `${TRACEBACK}\n${TRACEBACK}`,
      [
        ["error", TRACEBACK],
        ["error", TRACEBACK],
      ],
    ],
    [
      `${TRACEBACK}\n\n\na`,
      [
        ["error", TRACEBACK],
        ["warn", ""],
        ["warn", ""],
        ["warn", "a"],
      ],
    ],
    [
      'Traceback (most recent call last):\n  File "a.py", line 1\nINFO:root:a',
      [
        ["error", 'Traceback (most recent call last):\n  File "a.py", line 1'],
        ["info", "INFO:root:a"],
      ],
    ],
    [
      "\n\n",
      [
        ["warn", ""],
        ["warn", ""],
        ["warn", ""],
      ],
    ],
  ])("%j", (text, expected) => {
    expect(records(text)).toEqual(expected);
  });

  it("writes a traceback without an end in pieces, all of them errors, and loses no line", () => {
    const frames = Array.from({ length: 20_000 }, (_, n) => `  File "a.py", line ${n}, in b`);
    const text = ["Traceback (most recent call last):", ...frames, "ValueError: a"].join("\n");
    const written = records(text);
    expect(written.map(([, record]) => record).join("\n")).toBe(text);
    expect(new Set(written.map(([level]) => level))).toEqual(new Set(["error"]));
    expect(written.length).toBeGreaterThan(5);
    for (const [, record] of written) expect(record.length).toBeLessThan(65 * 1024);
  });
});

describe("LogRecords, when no more lines come", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it.each([
    ["a plain line is written at once", "a", 0],
    ["a line with a level after 100 ms", "INFO:root:a", 100],
    ["a whole traceback after 100 ms", TRACEBACK, 100],
    ["an incomplete traceback after a second", TRACEBACK.slice(0, TRACEBACK.lastIndexOf("\n")), 1_000],
  ])("%s", (_name, text, time) => {
    const written: string[] = [];
    const open = new LogRecords("warn", (_level, record) => written.push(record));
    for (const line of text.split("\n")) open.push(line);
    if (time > 0) {
      vi.advanceTimersByTime(time - 1);
      expect(written).toEqual([]);
      vi.advanceTimersByTime(1);
    }
    expect(written).toEqual([text]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
