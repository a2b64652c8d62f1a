/** The function that `start_response` returns (PEP 3333, "The write() Callable"; WRT). */
import type { HeaderPair, WsgiApp } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { type Apps, both, PLAIN } from "../apps.ts";
import type { Case } from "../types.ts";

/** Writes blocks, then returns others. */
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
    name: "WRT-01: what was written comes before the blocks, each by itself",
    ...writes(["a", "bc"], ["d", "ef"]),
    expect: { headers: [PLAIN], chunks: ["a", "bc", "d", "ef"] },
  },
  {
    name: "WRT-02: an app may write all of it and return nothing",
    ...writes(["a", "bc"], []),
    expect: { headers: [PLAIN], chunks: ["a", "bc"] },
  },
  {
    name: "WRT-01: an empty block commits the head, and sends nothing more",
    ...both("writes_then_starts", async (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      await write(bytes(""));
      startResponse("500 Too Late", [PLAIN, ["X-Late", "1"]], new Error("too late"));
      return [];
    }),
    expect: { headers: [PLAIN], body: "", broken: true, lacks: /x-late/i, log: [/too late/] },
  },
  {
    name: "WRT-01, CL-02: after an empty block the length is unknown",
    ...writes([""], ["hello"]),
    expect: { headers: [PLAIN], chunks: ["hello"] },
  },
  {
    name: "WRT-01: write() takes bytes",
    breaks: true,
    ...both("writes_text", (_environ, startResponse) => {
      void startResponse("200 OK", [PLAIN])("secret" as unknown as Uint8Array);
      return [];
    }),
    expect: { status: 500, lacks: /secret/, log: [/write\(\) takes/] },
  },
  {
    name: "WRT-01, EXC-03: an app that fails after it has written has its response broken off",
    ...both("writes_and_fails", async (_environ, startResponse) => {
      await startResponse("200 OK", [PLAIN])(bytes("a"));
      throw new Error("in the middle");
    }),
    expect: { body: "a", broken: true, log: [/in the middle/] },
  },
  {
    name: "WRT-03: in JavaScript what was not waited for is bounded",
    breaks: true,
    app: (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      for (let i = 0; i < 2000; i += 1) void write(Buffer.alloc(1024));
      return [];
    },
    expect: { broken: true, log: [/await the promise that write\(\) returns/] },
  },
  {
    name: "WRT-03: one block may be as large as it is",
    app: async (_environ, startResponse) => {
      await startResponse("200 OK", [PLAIN])(Buffer.alloc(3_000_000, "x"));
      return [];
    },
    expect: { headers: [PLAIN], body: "x".repeat(3_000_000) },
  },
];
