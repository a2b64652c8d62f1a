/** Results: their blocks, their order and their `close()` (PEP 3333, "Buffering and Streaming"; ITER). */
import type { WsgiResult } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { type Apps, both, closing, generate, PLAIN, reply, text } from "../apps.ts";
import type { Case } from "../types.ts";

const AFTER = /after its response had begun/;
const LARGE = "0123456789abcdef".repeat(200_000);

/** A case whose result cannot be sent. */
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

/** Names the result of the twin, because JavaScript values cannot stand for Python ones. */
const returns = (what: string): Case["twin"] => ({ name: "returns", args: [what] });

/** Apps whose result is a generator that writes "closed" in its `finally`. */
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

/** A result that records which of its properties are read. */
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

/** Properties that may be read: iteration and `close` (PEP 3333), and `then`, because an app may return a promise. */
const ASKED = new Set(["then", "close", "next", "Symbol(Symbol.iterator)", "Symbol(Symbol.asyncIterator)"]);

export const ITERATION: readonly Case[] = [
  {
    name: "ITER-03: sends nothing for an empty block, because an empty chunk would end the body",
    ...reply({ blocks: ["", "a", "", "", "b", ""] }),
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "ITER-02: sends each block by itself as it comes",
    ...reply({ blocks: ["a", "bc", "def"], as: "generator" }),
    expect: { headers: [PLAIN], chunks: ["a", "bc", "def"] },
  },
  {
    name: "ITER-12: sends a body that looks like a response unchanged (Plack: CRLF CRLF)",
    ...reply({ blocks: ["a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n\x00\xff\n"] }),
    expect: { chunks: ["a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n\x00\xff\n"] },
  },
  {
    name: "REF-06, ITER-04: sends a body larger than any buffer completely (B3: interrupted_write)",
    ...both("large", (_environ, startResponse) => text(startResponse, LARGE), LARGE.length),
    expect: { autoLength: LARGE.length, headers: [PLAIN], body: LARGE },
  },
  {
    name: "ITER-05: calls close() once at the end",
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
    name: "ITER-05: calls close() of a result without blocks",
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
    name: "ITER-05: calls close() when the iteration fails before the head",
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
    name: "ITER-05: calls close() when the iteration fails after the head (B3: close on error)",
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
    name: "ITER-05: calls close() when the app never called start_response",
    breaks: true,
    ...both("closes_unstarted", (environ) => closing(environ, generate(["a"]))),
    expect: { status: 500, closed: 1, log: [/before it called start_?response/i] },
  },
  {
    name: "ITER-05: calls close() when the client disconnects while the app waits for a block",
    app: (environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      const never = { next: () => new Promise<never>(() => undefined) };
      return closing(environ, { [Symbol.asyncIterator]: () => never });
    },
    request: { leaves: true, body: "", headers: [["Content-Length", "0"]], method: "POST" },
    expect: { status: 0, closed: 1 },
  },
  {
    name: "ITER-06: runs the finally of a generator that ends by itself",
    ...finishing,
    expect: { chunks: ["a", "b"], closed: 1 },
  },
  {
    name: "ITER-06: runs the finally of a generator that is closed early",
    request: { method: "HEAD" },
    ...finishing,
    expect: { body: "", closed: 1 },
  },
  {
    name: "ITER-06: prefers close() to return()",
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
    name: "ITER-07: logs a close() that fails and keeps the response",
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
    name: "ITER-09: uses only the iteration and close() of a result",
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
  unsendable("ITER-10: refuses a string as the result", "secret", returns("str"), /returned its body bare/),
  unsendable("ITER-10: refuses bytes as the result", bytes("secret"), returns("bytes"), /returned its body bare/),
  unsendable(
    "ITER-10: refuses undefined as the result",
    undefined,
    returns("none"),
    /must return an iterable|returned None/,
  ),
  unsendable("ITER-10: refuses null as the result", null, undefined, /must return an iterable/),
  unsendable("ITER-10: refuses false as the result", false, returns("false"), /must return an iterable|bool/),
  unsendable("ITER-10: refuses a number as the result", 42, returns("number"), /must return an iterable|int/),
  unsendable(
    "ITER-10: refuses an object that is not iterable as the result",
    {},
    returns("object"),
    /must return an iterable|object/,
  ),
  unsendable(
    "ITER-10: refuses a string as a block",
    ["secret"],
    returns("str_block"),
    /each block of the body must be/,
  ),
  unsendable("ITER-10: refuses a number as a block", [42], undefined, /each block of the body must be/),
  unsendable(
    "ITER-10: refuses a list as a block",
    [[bytes("secret")]],
    returns("list_block"),
    /each block of the body must be/,
  ),
  {
    name: "ITER-10: aborts the response at a string among the blocks after the head",
    breaks: true,
    ...both("spoilt_block", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield "secret" as unknown as Uint8Array;
    }),
    expect: { body: "a", broken: true, lacks: /secret/, log: [/each block of the body must be/] },
  },
  {
    name: "ITER-10: awaits a promise of a result",
    app: async (_environ, startResponse) => {
      await Promise.resolve();
      startResponse("200 OK", [PLAIN]);
      return [bytes("later")];
    },
    expect: { headers: [PLAIN], autoLength: 5, body: "later" },
  },
  {
    name: "ITER-11: sends an asynchronous result block by block",
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
    name: "ITER-11: responds with a 500 if an asynchronous result rejects before the head",
    app: async function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("");
      await Promise.reject(new Error("in the middle"));
    },
    expect: { status: 500, log: [/in the middle/] },
  },
  {
    name: "ITER-11: aborts the response if an asynchronous result rejects after the head",
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
