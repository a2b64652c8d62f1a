/** What gunicorn serves although PEP 3333 forbids it: the log names each kind once, and the line of the app. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { APPS, hostPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const SOURCE = readFileSync(join(APPS, "lenient.py"), "utf8").split("\n");
/** Where the app has this line of code. */
const at = (code: string): string => `lenient.py:${SOURCE.findIndex((line) => line.trim() === code) + 1}: `;
const HEAD = `${at("start_response(*head(name))")}start_response got `;

/** Requests, and what each adds to the log. */
const KINDS: readonly [name: string, message?: string][] = [
  ["plain"],
  ["bare_404", `${HEAD}the status "404" without a reason; it was sent as it is; pass "404 Not Found"`],
  ["bare_status"],
  ["tab_in_reason", `${HEAD}a status with a tab; it was sent as a space; pass a space`],
  ["items", `${HEAD}headers of type dict_items; they were sent; pass a list of tuples: [(name, value)]`],
  ["generator"],
  ["lists", `${HEAD}a header of type list; it was sent; pass a tuple: (name, value)`],
  ["value_subclass", `${HEAD}the value of a header as Text, a subclass of str; its text was sent; pass a plain str`],
  ["status_subclass"],
  [
    "connection",
    `${HEAD}the hop-by-hop headers Connection, Keep-Alive; they were dropped, because only the server may set them; remove them`,
  ],
  ["chunked"],
  ["status_header", `${HEAD}a header named Status; it was sent; only the first argument sets the status`],
  ["length_around_blanks", `${HEAD}a Content-Length with blanks around it; they were removed; pass only digits`],
  ["length_twice", `${HEAD}the same Content-Length twice; it was sent once; pass it once`],
  [
    "again_after_status",
    `${at('start_response("502 Own", [PLAIN])')}start_response was called again, without exc_info, after it had raised; its new arguments were used; pass it exc_info`,
  ],
  [
    "write_too_much",
    `${at('write(b"y and more")')}write() exceeds the Content-Length; the surplus was dropped; write as many bytes as it says`,
  ],
  ["result_empty_str", "the application returned an empty str instead of a list; an empty body was sent; return []"],
  ["result_empty_bytes"],
  ["value_with_break"], // refused, which is an error of its request
];

it("each kind is logged once, with the line, the request, and what to write instead", async () => {
  const { port, app, logger } = await hostPython("lenient:application", { threads: 2 });
  for (let round = 0; round < 2; round += 1) {
    for (const [name] of KINDS) await Promise.all([rawGet(port, `/${name}`), rawGet(port, `/${name}`)]);
  }
  await app.close();
  const expected = KINDS.flatMap(([name, message]) =>
    message === undefined ? [] : [`${message} (GET /${name}; logged once per process)`],
  );
  expect(logger.lines.filter((line) => line.includes("logged once per process"))).toEqual(expected);
});

it("one hop-by-hop header is named by itself, and a query is shown as it was sent", async () => {
  const { port, logger } = await hostPython("lenient:application");
  await rawGet(port, "/chunked?a=%0A");
  expect(await logger.said("logged once per process")).toBe(
    `${HEAD}the hop-by-hop header transfer-ENCODING; it was dropped, because only the server may set it; remove it (GET /chunked?a=%0A; logged once per process)`,
  );
});

it("strict: true logs errors and nothing else", async () => {
  const { port, app, logger } = await hostPython("lenient:application", { strict: true });
  for (const [name] of KINDS) await rawGet(port, `/${name}`);
  await app.close();
  expect(logger.text).toContain("AppProtocolError");
  expect(logger.text).not.toContain("logged once per process");
});

it("an app that has closed its stderr is served all the same", async () => {
  const { port } = await hostPython("lenient:without_stderr");
  expect((await rawGet(port, "/chunked")).head).toMatch(/^HTTP\/1\.1 200 OK/);
});
