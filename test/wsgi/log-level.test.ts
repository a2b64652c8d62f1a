/** The level that a line names, for the formats of Python's loggers. */
import { describe, expect, it } from "vitest";
import { levelOf } from "../../src/wsgi/log-level.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("levelOf", () => {
  it.each(docTable("src/wsgi/log-level.ts", "levelOf"))("$call → $result", (row) => expectDocRow(levelOf, row));

  it.each([
    ["DEBUG:root:a", "info"],
    ["INFO:root:a", "info"],
    ["ERROR:a.b:c", "error"],
    ["CRITICAL:root:a", "error"],
    ["FATAL: the disk is full", "error"],
    ["WARN something", "warn"],
    ["INFO:     127.0.0.1:5000 - GET", "info"],
    ["INFO 2026-11-27 10:00:00,123 views 123 456 sold", "info"],
    ["[INFO] sold", "info"],
    ["[WARNING] low", "warn"],
    ["[shop.stock] [ERROR] sold", "error"],
    ["2026-11-27 10:00:00,123 WARNING low", "warn"],
    ["2026-11-27 10:00:00,123 shop.stock ERROR low", "error"],
    ["2026-11-27 10:00:00,123 MainThread shop.stock INFO low", "info"],
    ["2026-11-27T10:00:00.123Z ERROR low", "error"],
    ["2026-11-27 10:00:00,123 [MainThread] shop.stock [INFO] low", "info"],
    ["10:00:00 INFO low", "info"],
    ["[2026-11-27 10:00:00,123] ERROR in app: Exception on / [GET]", "error"],
    ["[2026-11-27 10:00:00,123: WARNING/MainProcess] celery", "warn"],
    ["2026-11-27 10:00:00.123 | SUCCESS  | module:function:3 - done", "info"],
    ["2026-11-27 10:00:00.123 | CRITICAL | module:function:3 - done", "error"],
    ["2026-11-27 10:00:00 [warning  ] low                            item=3", "warn"],
    ["\\x1b[33mWARNING\\x1b[0m:root:low", "warn"],
    ["\\x1b[2m2026-11-27 10:00:00\\x1b[0m [\\x1b[31m\\x1b[1merror    \\x1b[0m] low", "error"],
    ["event=sold level=info item=3", "info"],
    ['{"message": "sold", "levelname": "WARNING"}', "warn"],
    ['{"event":"sold","level":"info"}', "info"],
    ["shop - ERROR - low", "error"],
    ["shop.stock:WARNING:low", "warn"],
    ['[27/Nov/2026 10:00:00] "GET / HTTP/1.1" 200 1', "info"],
    ['[27/Nov/2026 10:00:00] "GET / HTTP/1.1" 304 0', "info"],
    ['[27/Nov/2026 10:00:00] "GET /?500 HTTP/1.1" 500 1', "error"],
    ['127.0.0.1 - - [27/Nov/2026 10:00:00] "GET /ERROR HTTP/1.1" 200 -', "info"],
    ["", undefined],
    ["sold", undefined],
    ["an ERROR of the printer", undefined],
    ["INFORMATION", undefined],
    ["the warning is not ours: error", undefined],
    ["[sql: select 1]", undefined],
    ["2026 was a year with much WARNING and little else", undefined],
    ["ValueError: 'ERROR'", undefined],
    ['{"message": "the \\"level\\": \\"info\\" is a text"}', undefined],
    ["{ not JSON, INFO", undefined],
    [`${"x".repeat(300)} [INFO]`, undefined],
  ])("%s: %s", (line, level) => {
    expect(levelOf(line)).toBe(level);
  });
});
