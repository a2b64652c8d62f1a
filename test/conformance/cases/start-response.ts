/** `start_response`: its order, its arguments and `exc_info` (PEP 3333, "The start_response() Callable"; SR). */
import type { HeaderPair, StartResponse } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, generate, PLAIN, reply, text } from "../apps.ts";
import type { Case } from "../types.ts";

const NEW: HeaderPair[] = [PLAIN, ["X-New", "1"]];
const OLD: HeaderPair[] = [PLAIN, ["X-Old", "1"], ["Set-Cookie", "old=1"], ["Content-Length", "2"]];

const SHARED: HeaderPair[] = [PLAIN];

/** A case whose app sets a head and replaces it with `exc_info` before any byte is sent. */
const replaces = (name: string, [status, headers]: [string, HeaderPair[]], expect: Case["expect"]): Case => ({
  name,
  ...both(
    "replaces",
    (_environ, startResponse) => {
      startResponse(status, headers);
      startResponse("503 Busy", NEW, new Error("found out"));
      return [bytes("busy!")];
    },
    status,
    headers,
  ),
  expect: { status: 503, reason: "Busy", headers: NEW, autoLength: 5, body: "busy!", ...expect },
});

/** Calls `start_response` with each argument list in turn, and continues when one is refused. */
function attempts(startResponse: StartResponse, lists: readonly (readonly unknown[])[]): string[] {
  return lists.map(([status, headers, excInfo]) => {
    try {
      startResponse(status as string, headers as HeaderPair[], excInfo);
      return "taken";
    } catch {
      return "refused";
    }
  });
}

export const START_RESPONSE: readonly Case[] = [
  {
    name: "SR-01: accepts two arguments and returns write()",
    ...both("returns_write", (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      return [bytes(typeof write)];
    }),
    expect: { body: "function" },
  },
  ...[undefined, null].map(
    (nothing): Case => ({
      name: `SR-01, SR-06: treats a third argument of ${nothing} like no third argument`,
      ...both("passes_none", (_environ, startResponse) => {
        startResponse("200 OK", [PLAIN], nothing);
        return [bytes("x")];
      }),
      expect: { headers: [PLAIN], autoLength: 1, body: "x" },
    }),
  ),
  {
    name: "SR-02: sends nothing by itself, so that a failure after it is a 500",
    ...both("starts_and_fails", (_environ, startResponse) => {
      startResponse("201 Secret", OLD);
      throw new Error("after all");
    }),
    expect: { status: 500, lacks: /Secret|X-Old|old=1/i, log: [/after all/] },
  },
  {
    name: "SR-03: refuses a second call without exc_info",
    breaks: true,
    ...both("starts_twice", (_environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      startResponse("200 OK", [PLAIN]);
      return [bytes("x")];
    }),
    expect: { status: 500, log: [/start_?response was called twice/i] },
  },
  {
    name: "SR-03: refuses a second call without exc_info after the first call was refused",
    breaks: true,
    lenient: true,
    ...both("starts_after_refusal", (_environ, startResponse) => {
      const seen = attempts(startResponse, [
        ["200OK", []],
        ["200 OK", [PLAIN]],
      ]);
      startResponse("200 OK", [PLAIN], new Error("third"));
      return [bytes(seen.join())];
    }),
    expect: { body: "refused,refused" },
  },
  {
    name: "SR-03, SR-11: responds with a 500 if the app ignores that its head was refused",
    breaks: true,
    ...both("swallows_refusal", (_environ, startResponse) => {
      attempts(startResponse, [["200 OK", [["X-Bad", "a\nb"]]]]);
      return [bytes("x")];
    }),
    expect: { status: 500, lacks: /X-Bad/i, log: [/ended its result, after start_?response had (raised|thrown)/i] },
  },
  {
    name: "SR-11: raises the refusal in the app, which may send its own error page",
    breaks: true,
    ...both("answers_refusal", (_environ, startResponse) => {
      try {
        startResponse("200 OK", [
          ["X-Bad", "a\nb"],
          ["Set-Cookie", "old=1"],
        ]);
      } catch (error) {
        startResponse("502 Own Page", [PLAIN], error);
      }
      return [bytes("own")];
    }),
    expect: { status: 502, reason: "Own Page", headers: [PLAIN], autoLength: 3, body: "own" },
  },
  replaces(
    "SR-04, FRM-02: replaces status and headers on a call with exc_info, and merges nothing",
    ["200 Old", OLD],
    {},
  ),
  replaces("SR-04: replaces a 204 on a call with exc_info", ["204 Old", []], {}),
  replaces(
    "SR-04: replaces a Content-Length on a call with exc_info",
    ["200 Old", [PLAIN, ["Content-Length", "99"]]],
    {},
  ),
  {
    name: "SR-04, ITER-01: replaces the head on a call with exc_info after empty blocks, which do not commit it",
    ...both("replaces_late", function* (_environ, startResponse) {
      startResponse("200 Old", OLD);
      yield bytes("");
      yield bytes("");
      startResponse("503 Busy", NEW, new Error("found out"));
      yield bytes("busy");
    }),
    expect: { status: 503, reason: "Busy", headers: NEW, chunks: ["busy"] },
  },
  {
    name: "SR-04: accepts exc_info in the first call",
    ...both("starts_with_error", (_environ, startResponse) => {
      startResponse("503 Busy", NEW, new Error("at once"));
      return [bytes("busy")];
    }),
    expect: { status: 503, headers: NEW, autoLength: 4, body: "busy" },
  },
  {
    name: "SR-05: raises the same exc_info after the head and aborts the response",
    ...both("starts_too_late", function* (environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("begun");
      const mine = new Error("mine");
      try {
        startResponse("500 Oops", NEW, mine);
      } catch (error) {
        environ["wsgi.errors"].write(`same: ${String(error === mine).toLowerCase()}\n`);
        throw error;
      }
    }),
    expect: { body: "begun", broken: true, lacks: /Oops|X-New/i, log: [/^same: true$/m, /mine/] },
  },
  {
    name: "SR-05: sends nothing more if the app ignores the exc_info that was raised",
    breaks: true,
    ...both("goes_on", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("begun");
      attempts(startResponse, [["500 Oops", NEW, new Error("mine")]]);
      yield bytes("surplus");
    }),
    expect: { body: "begun", broken: true, lacks: /surplus/, log: [/mine|not allowed/] },
  },
  {
    name: "SR-08: accepts a call from a generator before its first block",
    ...both("generator", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield bytes("b");
    }),
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "SR-08: accepts a call from an iterable object before its first block",
    ...both("class_app", (_environ, startResponse) => ({
      *[Symbol.iterator]() {
        startResponse("200 OK", [PLAIN]);
        yield bytes("a");
      },
    })),
    expect: { headers: [PLAIN], chunks: ["a"] },
  },
  {
    name: "SR-08: accepts a call from an asynchronous generator before its first block",
    app: async function* (_environ, startResponse) {
      await Promise.resolve();
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
    },
    expect: { headers: [PLAIN], chunks: ["a"] },
  },
  {
    name: "SR-09: responds with a 500 to a block before start_response",
    breaks: true,
    ...both("never_starts", () => [bytes("secret")], ["secret"]),
    expect: { status: 500, lacks: /secret/, log: [/before it called start_?response/i] },
  },
  {
    name: "SR-10: responds with a 500 if the result ends before start_response",
    breaks: true,
    ...both("never_starts", () => generate([]), []),
    expect: { status: 500, log: [/before it called start_?response/i] },
  },
  {
    name: "SR-15, WRK-12: sends the headers as they were at the call, even if the app changes the list afterwards",
    ...both("changes_headers", (_environ, startResponse) => {
      const headers: HeaderPair[] = [PLAIN, ["X-One", "1"]];
      startResponse("200 OK", headers);
      headers.push(["X-Two", "a\nb"]);
      headers[1] = ["X-One", "2"];
      return [bytes("x")];
    }),
    expect: { headers: [PLAIN, ["X-One", "1"]], autoLength: 1 },
  },
  {
    name: "SR-15: does not change the app's list, which it may use for every request",
    request: { times: 2 },
    ...both("shares_headers", (_environ, startResponse) => {
      startResponse("200 OK", SHARED);
      return [bytes(`${SHARED.length}`)];
    }),
    expect: { headers: [PLAIN], autoLength: 1, body: "1" },
  },
  {
    name: "SR-12: serves an app of two lines (B3: plain_hello, the status line of a 404)",
    ...reply({ status: "404 Not Found", blocks: ["Hello, world!"] }),
    expect: { status: 404, reason: "Not Found", headers: [PLAIN], autoLength: 13, body: "Hello, world!" },
  },
  {
    name: "MT-01, WRT-04: serves middleware around an app",
    ...both("shouts", (_environ, startResponse) => {
      const blocks = text((status, headers) => startResponse(status, [...headers, ["X-Mid", "1"]]), "quiet");
      return blocks.map((block) => bytes(Buffer.from(block).toString("latin1").toUpperCase()));
    }),
    expect: { headers: [PLAIN, ["X-Mid", "1"]], autoLength: 5, body: "QUIET" },
  },
];
