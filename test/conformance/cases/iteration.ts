/** Results: blocks, their order and their end (PEP 3333, "Buffering and Streaming"; ITER). */
import type { WsgiResult } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { type Apps, both, closing, generate, PLAIN, reply, text } from "../apps.ts";
import type { Case } from "../types.ts";

const AFTER = /after its response had begun/;
const LARGE = "0123456789abcdef".repeat(200_000);

/** A result that nobody can send. */
const unsendable = (name: string, result: unknown, twin: Case["twin"], log: RegExp): Case => ({
  name,
  breaks: true,
  app: (_environ, startResponse) => {
    startResponse("200 OK", [PLAIN]);
    return result as WsgiResult;
  },
  ...(twin && { twin }),
  expect: { status: 500, lacks: /secret/, log: [log] },
});

/** The twin's result, by name: JavaScript's values are not Python's. */
const returns = (what: string): Case["twin"] => ({ name: "returns", args: [what] });

/** Whether `finally` ran, of a generator that is its own result. */
const finishing: Apps = both("finishes", (environ, startResponse) =>
  (function* () {
    try {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield bytes("b");
    } finally {
      environ["wsgi.errors"].write("closed\n");
    }
  })(),
);

/** A result that remembers what was asked of it. */
function watched(blocks: Uint8Array[], seen: Set<string>): WsgiResult {
  const inner = generate(blocks.map((block) => Buffer.from(block).toString("latin1")));
  return new Proxy(
    { [Symbol.iterator]: () => inner },
    {
      get: (target, key) => {
        seen.add(String(key));
        return Reflect.get(target, key);
      },
    },
  ) as WsgiResult;
}

/** What may be asked for: PEP 3333's iteration and `close`; `then`, since an app may return a promise. */
const ASKED = new Set(["then", "close", "next", "Symbol(Symbol.iterator)", "Symbol(Symbol.asyncIterator)"]);

export const ITERATION: readonly Case[] = [
  {
    name: "ITER-03: empty blocks in the middle send nothing: an empty chunk would be the end",
    ...reply({ blocks: ["", "a", "", "", "b", ""] }),
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "ITER-02: blocks are sent as they come, each by itself",
    ...reply({ blocks: ["a", "bc", "def"], as: "generator" }),
    expect: { headers: [PLAIN], chunks: ["a", "bc", "def"] },
  },
  {
    name: "ITER-12: a body may look like a response (Plack: CRLF CRLF)",
    ...reply({ blocks: ["a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n\x00\xff\n"] }),
    expect: { chunks: ["a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n\x00\xff\n"] },
  },
  {
    name: "REF-06, ITER-04: a body larger than any buffer is whole (B3: interrupted_write)",
    ...both("large", (_environ, startResponse) => text(startResponse, LARGE), LARGE.length),
    expect: { autoLength: LARGE.length, headers: [PLAIN], body: LARGE },
  },
  {
    name: "ITER-05: close() is called once at the end",
    ...both(
      "closes",
      (environ, startResponse) => {
        startResponse("200 OK", [PLAIN]);
        return closing(environ, generate(["a", "b"]));
      },
      ["a", "b"],
    ),
    expect: { chunks: ["a", "b"], closed: 1 },
  },
  {
    name: "ITER-05: close() of a result without a block, too",
    ...both(
      "closes",
      (environ, startResponse) => {
        startResponse("200 OK", [PLAIN]);
        return closing(environ, generate([]));
      },
      [],
    ),
    expect: { body: "", closed: 1 },
  },
  {
    name: "ITER-05: close() is called when the iteration fails before the head",
    ...both(
      "closes_and_fails",
      (environ, startResponse) => {
        startResponse("200 OK", [PLAIN]);
        return closing(environ, failing([""]));
      },
      [""],
    ),
    expect: { status: 500, closed: 1, log: [/in the middle/] },
  },
  {
    name: "ITER-05: close() is called when the iteration fails after the head (B3: close on error)",
    ...both(
      "closes_and_fails",
      (environ, startResponse) => {
        startResponse("200 OK", [PLAIN]);
        return closing(environ, failing(["a"]));
      },
      ["a"],
    ),
    expect: { body: "a", broken: true, closed: 1, log: [/in the middle/] },
  },
  {
    name: "ITER-05: close() is called when start_response never was",
    breaks: true,
    ...both("closes_unstarted", (environ) => closing(environ, generate(["a"]))),
    expect: { status: 500, closed: 1, log: [/before it called start_?response/i] },
  },
  {
    name: "ITER-05: a client that leaves closes the result of an app that has still to give a block",
    app: (environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      const never = { next: () => new Promise<never>(() => undefined) };
      return closing(environ, { [Symbol.asyncIterator]: () => never });
    },
    request: { leaves: true, body: "", headers: [["Content-Length", "0"]], method: "POST" },
    expect: { status: 0, closed: 1 },
  },
  {
    name: "ITER-06: a generator that ends by itself has run its finally",
    ...finishing,
    expect: { chunks: ["a", "b"], closed: 1 },
  },
  {
    name: "ITER-06: a generator that is given up has it run, too",
    request: { method: "HEAD" },
    ...finishing,
    expect: { body: "", closed: 1 },
  },
  {
    name: "ITER-06: close() is preferred to return()",
    request: { method: "HEAD" },
    app: (environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      const blocks = generate(["a", "b"]);
      const returned = (): never => {
        throw new Error("return() was called");
      };
      return closing(environ, { [Symbol.iterator]: () => ({ next: () => blocks.next(), return: returned }) });
    },
    expect: { body: "", closed: 1 },
  },
  {
    name: "ITER-07: a close() that fails is logged and spoils nothing",
    request: { times: 2 },
    ...both("fails_to_close", (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", "2"], PLAIN]);
      return Object.assign(generate(["a", "b"]), {
        close: () => {
          throw new Error("no lid");
        },
      });
    }),
    expect: { headers: [["Content-Length", "2"], PLAIN], body: "ab", log: [/no lid/] },
  },
  {
    name: "ITER-09: nothing is asked of a result but iteration and close",
    request: { times: 2 },
    app: (environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      const seen = new Set<string>();
      const result = watched([bytes("a"), bytes("b")], seen);
      return closing(environ, {
        *[Symbol.iterator]() {
          yield* result as Iterable<Uint8Array>;
          yield bytes([...seen].filter((key) => !ASKED.has(key)).join());
        },
      });
    },
    twin: { name: "watched", args: [] },
    expect: { body: "ab", closed: 2 },
  },
  unsendable("ITER-10: a bare text is no result", "secret", returns("str"), /returned its body bare/),
  unsendable("ITER-10: nor are bare bytes", bytes("secret"), returns("bytes"), /returned its body bare/),
  unsendable("ITER-10: nor is nothing", undefined, returns("none"), /must return an iterable|NoneType/),
  unsendable("ITER-10: nor is null", null, undefined, /must return an iterable/),
  unsendable("ITER-10: nor is false", false, returns("false"), /must return an iterable|bool/),
  unsendable("ITER-10: nor is a number", 42, returns("number"), /must return an iterable|int/),
  unsendable("ITER-10: nor is an object that is no iterable", {}, returns("object"), /must return an iterable|object/),
  unsendable("ITER-10: a text is no block", ["secret"], returns("str_block"), /each block of the body must be/),
  unsendable("ITER-10: nor is a number a block", [42], undefined, /each block of the body must be/),
  unsendable("ITER-10: nor is a list", [[bytes("secret")]], returns("list_block"), /each block of the body must be/),
  {
    name: "ITER-10: a text among the blocks is an error after the head",
    breaks: true,
    ...both("spoilt_block", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield "secret" as unknown as Uint8Array;
    }),
    expect: { body: "a", broken: true, lacks: /secret/, log: [/each block of the body must be/] },
  },
  {
    name: "ITER-10: a promise of a result is waited for",
    app: async (_environ, startResponse) => {
      await Promise.resolve();
      startResponse("200 OK", [PLAIN]);
      return [bytes("later")];
    },
    expect: { headers: [PLAIN], autoLength: 5, body: "later" },
  },
  {
    name: "ITER-11: an asynchronous result is sent block by block",
    app: async function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      for (const block of ["a", "", "b"]) {
        await Promise.resolve();
        yield bytes(block);
      }
    },
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "ITER-11: its rejection before the head is a 500",
    app: async function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("");
      await Promise.reject(new Error("in the middle"));
    },
    expect: { status: 500, log: [/in the middle/] },
  },
  {
    name: "ITER-11: its rejection after the head breaks the response off",
    app: async function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      await Promise.reject(new Error("in the middle"));
    },
    expect: { body: "a", broken: true, log: [/in the middle/, AFTER] },
  },
];

function* failing(blocks: readonly string[]): Generator<Uint8Array, void, undefined> {
  yield* generate(blocks);
  throw new Error("in the middle");
}
