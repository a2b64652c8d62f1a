/** What gunicorn serves, `pythonApp` serves: one app under both, and with `strict: true`. */
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { fromWsgi } from "../../src/index.ts";
import { type PythonApp, pythonApp } from "../../src/python.ts";
import { type Gunicorn, isRecentGunicorn, startGunicorn } from "../support/gunicorn.ts";
import { MemoryLogger } from "../support/logger.ts";
import { APPS } from "../support/python.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

/** What gunicorn serves, although PEP 3333 forbids it. With `strict: true` it is a 500. */
const FORBIDDEN: readonly string[] = [
  ...["bare_status", "bare_404", "status_subclass", "bare_status_subclass", "length_of_bare_204"],
  ...["tuple", "empty_tuple", "generator", "items", "list_subclass", "deque", "empty_dict"],
  ...["lists", "namedtuples", "pair_of_generator", "name_subclass", "value_subclass", "length_subclass"],
  ...["connection", "chunked", "upgrade", "proxied", "te", "hop_subclass", "length_and_chunked"],
  ...["status_header", "two_status_headers", "length_around_blanks"],
  ...["result_empty_bytes", "result_empty_str", "again_after_status", "write", "write_too_much", "starts_in_generator"],
];

/** What is served in all three. */
const ALLOWED: readonly string[] = [
  ...["plain", "empty_reason", "value_around_blanks", "empty_value", "latin_value", "tab_in_value", "keywords"],
  ...["length", "length_with_zero", "length_too_small", "length_of_204", "length_of_304"],
  ...["result_dict", "result_tuple", "result_empty", "result_iterator", "result_getitem", "result_empty_bytearray"],
  ...["block_subclass", "file", "file_from", "sized_file", "sized_file_from", "zero_file", "memory", "memory_beyond"],
  ...["sized_memory", "zero_memory_beyond", "zero_file_beyond", "pipe", "sized_pipe", "text_in_memory_empty"],
];

/** What is served nowhere: a 500, or a response that breaks off. */
const REFUSED: readonly string[] = [
  ...["long_code", "no_space", "tab_after_code", "space_before_code", "status_of_int", "status_of_bytes"],
  ...["status_none", "status_with_break", "bare_status_with_break", "bare_status_with_end", "status_above_latin"],
  ...["status_subclass_with_break", "continue", "bare_continue"],
  ...["dict", "none", "string", "failing_generator", "three_items", "one_item", "pair_none"],
  ...["name_of_bytes", "value_of_bytes", "value_of_int", "value_none", "length_of_int", "value_above_latin"],
  ...["value_with_break", "value_with_nul", "value_with_delete", "value_subclass_with_break"],
  ...["name_subclass_with_break", "list_with_break", "name_with_blank", "name_with_colon", "empty_name"],
  ...["hop_with_blank", "hop_with_break", "status_header_with_break"],
  ...["length_contradicts", "length_contradicts_0", "length_in_list", "length_with_plus", "length_with_underscore"],
  ...["length_negative", "length_empty", "length_too_large", "twice", "never"],
  ...["result_bytes", "result_str", "result_none", "result_false", "result_int", "result_bytearray"],
  ...["block_bytearray", "block_memoryview", "block_str", "block_empty_str", "block_none", "block_list"],
  ...["write_str", "write_bytearray", "text", "text_from", "text_of_pipe", "text_in_memory", "closed"],
  ...["sized_file_at_end", "sized_file_beyond", "sized_file_beyond_unbuffered", "sized_memory_beyond"],
];

/** What differs from gunicorn on purpose. */
const DIFFERENT: readonly [name: string, why: string, expected: Partial<Answer> | undefined][] = [
  ["tab_in_reason", "a tab of the reason becomes a space", { status: 200, reason: "O K" }],
  ["low_code", "Node's client, for one, reads no status below 100", undefined],
  ["trailer", "RFC 9110 names two more hop-by-hop headers", { status: 200, headers: [["content-type", "text/plain"]] }],
  ["length_twice", "clients refuse the same Content-Length twice", { status: 200, body: "body" }],
  ["lying", "gunicorn sends what str() returns, unchecked", { status: 201, body: "body" }],
  ["lying_hop", "gunicorn sends what str() returns, unchecked", { status: 200, body: "body" }],
  ["again_after_header", "the app's own error page is sent", { status: 502, body: "own" }],
  ["swallows", "the headers before the bad one are not sent without it", undefined],
  ...["file_at_end", "file_beyond", "file_beyond_unbuffered", "file_beyond_updating", "file_empty"].map(
    (name): [string, string, Partial<Answer>] => [name, "gunicorn's chunk is invalid", { status: 200, body: "" }],
  ),
  ...["file_empty_beyond", "text_beyond", "text_empty"].map((name): [string, string, Partial<Answer>] => [
    name,
    "gunicorn's chunk is invalid",
    { status: 200, body: "" },
  ]),
];

interface Answer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: [name: string, value: string][];
  readonly body: string;
}

/** Headers that the server sets. gunicorn sends the app's Date and Server neither. */
const SERVERS: ReadonlySet<string> = new Set(["date", "server", "connection", "keep-alive", "transfer-encoding"]);

/** Asks with Node's client, which parses strictly. Resolves with undefined for a 500, and for a response that is no complete one. */
function ask(url: string, name: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = get(`${url}/${name}`, { agent: false, headers: { connection: "close" } }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (text: string) => {
        body += text;
      });
      response.on("error", () => resolve(undefined));
      response.on("end", () => {
        const { statusCode: status, statusMessage: reason, headersDistinct } = response;
        const headers = Object.entries(headersDistinct).flatMap(([key, values = []]) =>
          SERVERS.has(key) ? [] : values.map((value): [string, string] => [key, value]),
        );
        resolve(status === 500 ? undefined : { status, reason, headers: headers.toSorted(), body });
      });
    });
    request.on("error", () => resolve(undefined));
  });
}

/** Leaves out a Content-Length that the app has not sent, which `pythonApp` adds where it knows the length. */
function comparable(answer: Answer | undefined, other: Answer | undefined): Answer | undefined {
  if (answer === undefined || other?.headers.some(([name]) => name === "content-length")) return answer;
  return { ...answer, headers: answer.headers.filter(([name]) => name !== "content-length") };
}

interface Ours extends TestServer {
  readonly app: PythonApp;
  readonly log: MemoryLogger;
}

async function start(strict: boolean): Promise<Ours> {
  const log = new MemoryLogger();
  const app = pythonApp("lenient:application", {
    directory: APPS,
    python: ensurePython(),
    processes: 1,
    threads: 2,
    strict,
    logger: log,
  });
  await app.ready();
  return { ...(await listen(fromWsgi(app, { logger: log }))), app, log };
}

let gunicorns: readonly Gunicorn[];
let lenient: Ours;
let strict: Ours;
beforeAll(async () => {
  const workers = isRecentGunicorn() ? ["sync", "gthread"] : [];
  gunicorns = await Promise.all(
    workers.map((worker) =>
      startGunicorn(["-k", worker, "--threads", "2", "lenient:application"], { directory: APPS }),
    ),
  );
  [lenient, strict] = await Promise.all([start(false), start(true)]);
});
afterAll(() =>
  Promise.all([
    ...gunicorns.map((each) => each.close()),
    ...[lenient, strict].map(({ app, close }) => Promise.all([close(), app.close()])),
  ]),
);

describe("the same app under gunicorn and pythonApp", () => {
  it.each([...FORBIDDEN, ...ALLOWED])("both serve %s, the same", async (name) => {
    const ours = await ask(lenient.url, name);
    expect(ours).toBeDefined();
    for (const { url } of gunicorns) {
      const theirs = await ask(url, name);
      expect(comparable(ours, theirs)).toEqual(theirs);
    }
  });

  it.each(ALLOWED)("strict: true serves %s as well", async (name) => {
    expect(await ask(strict.url, name)).toEqual(await ask(lenient.url, name));
  });

  it.each(FORBIDDEN)("strict: true refuses %s", async (name) => {
    strict.log.lines.length = 0;
    expect(await ask(strict.url, name)).toBeUndefined();
    expect(strict.log.text).toContain("AppProtocolError: ");
  });

  it.each(REFUSED)("neither serves %s", async (name) => {
    for (const { url } of [lenient, strict, ...gunicorns]) expect(await ask(url, name)).toBeUndefined();
  });

  it.each(DIFFERENT)("%s differs: %s", async (name, _why, expected) => {
    const ours = await ask(lenient.url, name);
    if (expected === undefined) expect(ours).toBeUndefined();
    else expect(ours).toMatchObject(expected);
  });

  it("nothing splits a response", async () => {
    for (const name of [...FORBIDDEN, ...REFUSED, ...DIFFERENT.map(([each]) => each)]) {
      const { text } = await rawGet(lenient.port, `/${name}`);
      expect(text, name).not.toMatch(/^\s*X-Injected/im);
      expect(text.match(/^(content-length|transfer-encoding):/gim)?.length ?? 0, name).toBeLessThan(2);
    }
  });
});
