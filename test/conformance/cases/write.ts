/** `write()`, the function that `start_response` returns (PEP 3333, "The write() Callable"; WRT). */
import type { HeaderPair, WsgiApp } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { type Apps, both, PLAIN } from "../apps.ts";
import type { Case } from "../types.ts";

/** Returns apps that write the first blocks with `write()` and return the others. */
function writes(written: readonly string[], blocks: readonly string[], headers: HeaderPair[] = [PLAIN]): Apps {
  const app: WsgiApp = async (_environ, startResponse) => {
    const write = startResponse("200 OK", headers);
    for (const block of written) await write(bytes(block));
    return blocks.map(bytes);
  };
  return both("writes", app, written, blocks);
}

export const WRITE: readonly Case[] = [
  {
    name: "WRT-01: sends the written blocks before the returned ones, each by itself",
    ...writes(["a", "bc"], ["d", "ef"]),
    expect: { headers: [PLAIN], chunks: ["a", "bc", "d", "ef"] },
  },
  {
    name: "WRT-02: serves an app that writes the complete body and returns no blocks",
    ...writes(["a", "bc"], []),
    expect: { headers: [PLAIN], chunks: ["a", "bc"] },
  },
  {
    name: "WRT-01: commits the head on a write() of an empty block",
    ...both("writes_then_starts", async (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      await write(bytes(""));
      startResponse("500 Too Late", [PLAIN, ["X-Late", "1"]], new Error("too late"));
      return [];
    }),
    expect: { headers: [PLAIN], body: "", broken: true, lacks: /x-late/i, log: [/too late/] },
  },
  {
    name: "WRT-01, CL-02: sends no Content-Length after a write() of an empty block",
    ...writes([""], ["hello"]),
    expect: { headers: [PLAIN], chunks: ["hello"] },
  },
  {
    name: "WRT-01: refuses a write() of a string",
    breaks: true,
    ...both("writes_text", (_environ, startResponse) => {
      void startResponse("200 OK", [PLAIN])("secret" as unknown as Uint8Array);
      return [];
    }),
    expect: { status: 500, lacks: /secret/, log: [/write\(\) takes/] },
  },
  {
    name: "WRT-01, EXC-03: aborts the response if the app fails after a write()",
    ...both("writes_and_fails", async (_environ, startResponse) => {
      await startResponse("200 OK", [PLAIN])(bytes("a"));
      throw new Error("in the middle");
    }),
    expect: { body: "a", broken: true, log: [/in the middle/] },
  },
  {
    name: "WRT-03: limits how much a JavaScript app can write without awaiting",
    breaks: true,
    app: (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      for (let i = 0; i < 2000; i += 1) void write(Buffer.alloc(1024));
      return [];
    },
    expect: { broken: true, log: [/await the promise that write\(\) returns/] },
  },
  {
    name: "WRT-03: accepts a single block of any size",
    app: async (_environ, startResponse) => {
      await startResponse("200 OK", [PLAIN])(Buffer.alloc(3_000_000, "x"));
      return [];
    },
    expect: { headers: [PLAIN], body: "x".repeat(3_000_000) },
  },
];
