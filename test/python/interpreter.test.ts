/** Settings of the interpreter that a deployment may choose, `python -O` and the locale, change nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { hostPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const BREACHES: readonly string[] = [
  "status_of_digits",
  "status_of_bytes",
  "headers_as_tuple",
  "header_as_list",
  "name_of_bytes",
  "line_break",
  "hop_by_hop",
  "twice",
  "never",
  "text",
  "bare",
  "written_text",
];

it.each(["", "1", "2"])(
  "REF-08: with PYTHONOPTIMIZE=%j each breach of PEP 3333 is a 500 that the log explains",
  async (level) => {
    const { port, logger } = await hostPython("unchecked:application", {
      strict: true,
      env: { PYTHONOPTIMIZE: level },
    });
    expect((await rawGet(port, "/debug")).body).toBe(level === "" ? "True" : "False");
    for (const breach of BREACHES) {
      logger.lines.length = 0;
      const { text } = await rawGet(port, `/${breach}`);
      expect([breach, text.split("\r\n")[0]]).toEqual([breach, "HTTP/1.1 500 Internal Server Error"]);
      expect(text).not.toContain("sent");
      expect(logger.text).toContain("AppProtocolError");
    }
  },
);

it.each(["hop_by_hop", "control", "name"])(
  "REF-08: Node checks a worker's head again, even if the worker did not: %s",
  async (breach) => {
    const { port, logger } = await hostPython("unchecked:without_checks");
    const { text } = await rawGet(port, `/${breach}`);
    expect(text).toMatch(/^HTTP\/1\.1 50\d /);
    expect(text).not.toContain("sent");
    expect(logger.text).toContain(`GET /${breach}: the application failed`);
  },
);

it("REF-08: the Python half contains no assert", () => {
  const folder = new URL("../../python/wsgi_bridge/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".py"));
  expect(files).toContain("response.py");
  expect(files.filter((name) => /^\s*assert\b/m.test(readFileSync(new URL(name, folder), "utf8")))).toEqual([]);
});

it.each([
  { LC_ALL: "C" },
  { LC_ALL: "C", PYTHONUTF8: "0", PYTHONCOERCECLOCALE: "0" },
  { LC_ALL: "C.UTF-8" },
  { PYTHONUTF8: "1" },
  { PYTHONIOENCODING: "ascii" },
])("REF-09: bytes of the environ are latin-1 whatever the locale: %j", async (env) => {
  const { port } = await hostPython("mirror:application", { env });
  const { body } = await rawGet(port, "/%D0%B6%FF?q=%FF", "X-Bytes: \xff\xd0\xb6\r\n");
  expect(JSON.parse(body)).toMatchObject({
    PATH_INFO: "/\xd0\xb6\xff",
    QUERY_STRING: "q=%FF",
    HTTP_X_BYTES: "\xff\xd0\xb6",
  });
});
