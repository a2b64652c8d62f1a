/** What Python logs gets the level that it names, and a traceback is one record. */
import { expect, it } from "vitest";
import { type Hosted, hostPython } from "../support/python.ts";

const APP = "logs:application";

async function ask({ url }: Hosted, path: string): Promise<void> {
  await fetch(url + path, { headers: { "X-Request-Id": "asked" } });
}

/** Returns what is logged by a request to this path. */
async function logged(path: string): Promise<[level: string, message: string][]> {
  const host = await hostPython(APP, { env: { PYTHONWARNINGS: "default::DeprecationWarning" } });
  const before = host.logger.records.length;
  await ask(host, path);
  await host.app.close();
  return host.logger.records.slice(before);
}

it.each(["format?default", "format?time", "format?dashes", "format?django", "format?brackets", "gunicorn"])(
  "each level of /%s",
  async (path) => {
    const records = await logged(`/${path}`);
    expect(records.map(([level, message]) => [level, /at (\w+)/.exec(message)?.[1]])).toEqual([
      ["info", "info"],
      ["warn", "warning"],
      ["error", "error"],
      ["error", "critical"],
      ["error", "exception"],
    ]);
    expect(records[4]?.[1]).toMatch(
      /at exception\nTraceback \(most recent call last\):\n.*\nLookupError: of the shop$/s,
    );
  },
);

it("Flask's logger, which writes to wsgi.errors: with the id of the request", async () => {
  expect(await logged("/flask")).toEqual([
    ["warn", expect.stringMatching(/^\[asked\] \[[-\d :,]+\] WARNING in logs: at warning$/)],
    [
      "error",
      expect.stringMatching(/^\[asked\] \[.*\] ERROR in logs: at exception\nTraceback .*\nLookupError: of the shop$/s),
    ],
  ]);
});

it("wsgi.errors: a line that names no level is an error", async () => {
  expect(await logged("/errors")).toEqual([
    ["info", "[asked] INFO of the request"],
    ["error", "[asked] no level"],
  ]);
});

it("a line that names no level: stdout is info, stderr is warn", async () => {
  const records = await logged("/plain");
  expect(records).toHaveLength(2);
  expect(records).toContainEqual(["info", "to stdout"]);
  expect(records).toContainEqual(["warn", "to stderr"]);
});

it.each([
  [
    "print_exc",
    /^Traceback .*\nLookupError: first\n\nThe above .*\n\nTraceback .*\nValueError: second\nof two lines$/s,
  ],
  ["thread", /^Exception in thread background:\nTraceback .*\nLookupError: in a thread$/s],
  ["slow_traceback", /^Traceback \(most recent call last\):\n {2}File "shop.py", line 3, in sell\nLookupError: late$/],
])("one error: /%s", async (path, text) => {
  expect(await logged(`/${path}`)).toEqual([["error", expect.stringMatching(text)]]);
});

it("warnings.warn() is one warning, with its line of source", async () => {
  expect(await logged("/warn")).toEqual([
    ["warn", expect.stringMatching(/logs\.py:\d+: DeprecationWarning: this is old\n {2}warnings\.warn\(.*\)$/)],
  ]);
});

it("an exception that the app does not catch is one error, before the message of the host", async () => {
  const [traceback, failure] = await logged("/raise");
  expect(traceback).toEqual(["error", expect.stringMatching(/^\[asked\] Traceback .*\nLookupError: not caught$/s)]);
  expect(failure).toEqual([
    "error",
    expect.stringContaining("[asked] GET /raise: the application failed: PythonError"),
  ]);
});
