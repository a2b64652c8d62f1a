/** `start_response`: its order, its arguments and what replaces what (PEP 3333, "The start_response() Callable"; SR). */
import type { HeaderPair, StartResponse } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, generate, PLAIN, reply, text } from "../apps.ts";
import type { Case } from "../types.ts";

const NEW: HeaderPair[] = [PLAIN, ["X-New", "1"]];
const OLD: HeaderPair[] = [PLAIN, ["X-Old", "1"], ["Set-Cookie", "old=1"], ["Content-Length", "2"]];

const SHARED: HeaderPair[] = [PLAIN];

/** Begins with a head, and before a byte is sent finds out that it must be another. */
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

/** Calls `start_response` with each argument list in turn; goes on when one is refused. */
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
    name: "SR-01: start_response takes two arguments and returns write",
    ...both("returns_write", (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      return [bytes(typeof write)];
    }),
    expect: { body: "function" },
  },
  ...[undefined, null].map(
    (nothing): Case => ({
      name: `SR-01, SR-06: a third argument of ${nothing} is as none, first and second time`,
      ...both("passes_none", (_environ, startResponse) => {
        startResponse("200 OK", [PLAIN], nothing);
        return [bytes("x")];
      }),
      expect: { headers: [PLAIN], autoLength: 1, body: "x" },
    }),
  ),
  {
    name: "SR-02: start_response sends nothing: an app that fails after it has said nothing",
    ...both("starts_and_fails", (_environ, startResponse) => {
      startResponse("201 Secret", OLD);
      throw new Error("after all");
    }),
    expect: { status: 500, lacks: /Secret|X-Old|old=1/i, log: [/after all/] },
  },
  {
    name: "SR-03: a second call without exc_info is an error",
    breaks: true,
    ...both("starts_twice", (_environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      startResponse("200 OK", [PLAIN]);
      return [bytes("x")];
    }),
    expect: { status: 500, log: [/start_?response was called twice/i] },
  },
  {
    name: "SR-03: so it is when the first call was refused",
    breaks: true,
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
    name: "SR-03, SR-11: an app that swallows a refusal has no head to send",
    breaks: true,
    ...both("swallows_refusal", (_environ, startResponse) => {
      attempts(startResponse, [["200 OK", [["X-Bad", "a\nb"]]]]);
      return [bytes("x")];
    }),
    expect: { status: 500, lacks: /X-Bad/i, log: [/ended its result, after start_?response had (raised|thrown)/i] },
  },
  {
    name: "SR-11: the app sees what it did wrong, and may answer with an error page of its own",
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
  replaces("SR-04, FRM-02: exc_info replaces status and headers; nothing is merged", ["200 Old", OLD], {}),
  replaces("SR-04: a status without a body is forgotten, too", ["204 Old", []], {}),
  replaces("SR-04: a declared length is forgotten, too", ["200 Old", [PLAIN, ["Content-Length", "99"]]], {}),
  {
    name: "SR-04, ITER-01: empty blocks do not commit the head, so that exc_info still replaces it",
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
    name: "SR-04: exc_info in a first call is no harm",
    ...both("starts_with_error", (_environ, startResponse) => {
      startResponse("503 Busy", NEW, new Error("at once"));
      return [bytes("busy")];
    }),
    expect: { status: 503, headers: NEW, autoLength: 4, body: "busy" },
  },
  {
    name: "SR-05: after the head, exc_info is thrown again, the same error, and the response is torn",
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
    name: "SR-05: an app that goes on all the same gets no further byte out",
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
    name: "SR-08: start_response may be called when the first block is asked for",
    ...both("generator", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield bytes("b");
    }),
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "SR-08: or by an object that is its own iterable",
    ...both("class_app", (_environ, startResponse) => ({
      *[Symbol.iterator]() {
        startResponse("200 OK", [PLAIN]);
        yield bytes("a");
      },
    })),
    expect: { headers: [PLAIN], chunks: ["a"] },
  },
  {
    name: "SR-08: or by an asynchronous generator",
    app: async function* (_environ, startResponse) {
      await Promise.resolve();
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
    },
    expect: { headers: [PLAIN], chunks: ["a"] },
  },
  {
    name: "SR-09: a block before start_response is an error",
    breaks: true,
    ...both("never_starts", () => [bytes("secret")], ["secret"]),
    expect: { status: 500, lacks: /secret/, log: [/before it called start_?response/i] },
  },
  {
    name: "SR-10: so is the end",
    breaks: true,
    ...both("never_starts", () => generate([]), []),
    expect: { status: 500, log: [/before it called start_?response/i] },
  },
  {
    name: "SR-15, WRK-12: a header list that the app changes afterwards was sent as it was",
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
    name: "SR-15: an app may use its one list for every request",
    request: { times: 2 },
    ...both("shares_headers", (_environ, startResponse) => {
      startResponse("200 OK", SHARED);
      return [bytes(`${SHARED.length}`)];
    }),
    expect: { headers: [PLAIN], autoLength: 1, body: "1" },
  },
  {
    name: "SR-12: an app in two lines (B3: plain_hello, a 404's status line)",
    ...reply({ status: "404 Not Found", blocks: ["Hello, world!"] }),
    expect: { status: 404, reason: "Not Found", headers: [PLAIN], autoLength: 13, body: "Hello, world!" },
  },
  {
    name: "MT-01, WRT-04: middleware is an app around an app",
    ...both("shouts", (_environ, startResponse) => {
      const blocks = text((status, headers) => startResponse(status, [...headers, ["X-Mid", "1"]]), "quiet");
      return blocks.map((block) => bytes(Buffer.from(block).toString("latin1").toUpperCase()));
    }),
    expect: { headers: [PLAIN, ["X-Mid", "1"]], autoLength: 5, body: "QUIET" },
  },
];
