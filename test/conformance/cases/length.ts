/** Content-Length and what stands in its place (PEP 3333, "Handling the Content-Length Header"; CL). */
import type { HeaderPair } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, closing, generate, PLAIN, reply } from "../apps.ts";
import type { Case, Expectation } from "../types.ts";

const sized = (length: number): HeaderPair[] => [PLAIN, ["Content-Length", String(length)]];
const AFTER: RegExp = /after its response had begun/;
const SHORT: RegExp = /shorter than its Content-Length/;
const SURPLUS: RegExp = /more than its Content-Length/;

/** A list in Python is looked at as a whole before anything of it is sent: its fault can still be told. */
const TOLD: Partial<Expectation> = { status: 500, headers: undefined, body: undefined, broken: false, log: [SHORT] };

export const LENGTH: readonly Case[] = [
  {
    name: "CL-01: a list of one block has its length",
    ...reply({ blocks: ["hello"] }),
    expect: { headers: [PLAIN], autoLength: 5, body: "hello" },
  },
  {
    name: "CL-01: a list of two has none",
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], chunks: ["he", "llo"] },
  },
  {
    name: "CL-01: what has no length of its own has none, though it gives one block",
    ...reply({ blocks: ["hello"], as: "generator" }),
    expect: { headers: [PLAIN], chunks: ["hello"] },
  },
  {
    name: "CL-01, REF-02: no blocks are a length of 0",
    ...reply({ blocks: [] }),
    expect: { headers: sized(0), body: "" },
  },
  {
    name: "CL-01, REF-02: so is one empty block, and a generator of them",
    ...reply({ blocks: ["", ""], as: "generator" }),
    expect: { headers: sized(0), body: "" },
  },
  {
    name: "CL-02, REF-03: after write() a list of one block says nothing of the length",
    ...both(
      "writes",
      async (_environ, startResponse) => {
        const write = startResponse("200 OK", [PLAIN]);
        await write(bytes("a"));
        return [bytes("b")];
      },
      ["a"],
      ["b"],
    ),
    expect: { headers: [PLAIN], chunks: ["a", "b"] },
  },
  {
    name: "CL-03: the length is that of bytes",
    ...reply({ blocks: ["\xd1\x82\xd0\xb5\xd1\x81\xd1\x82"] }),
    expect: { headers: [PLAIN], autoLength: 8 },
  },
  {
    name: "CL-01: a declared length is kept, and there is no second one",
    ...reply({ headers: sized(5), blocks: ["hello"] }),
    expect: { headers: sized(5), body: "hello" },
  },
  {
    name: "CL-01: a declared length may be reached in many blocks, empty ones at the end",
    ...reply({ headers: sized(5), blocks: ["", "he", "", "llo", "", ""], as: "generator" }),
    expect: { headers: sized(5), body: "hello" },
  },
  {
    name: "CL-04: a body shorter than declared does not end well",
    breaks: true,
    ...reply({ headers: sized(9), blocks: ["abc", "def"], as: "generator" }),
    expect: { headers: sized(9), body: "abcdef", broken: true, log: [SHORT, AFTER] },
    but: { python: { log: [SHORT] } },
  },
  {
    name: "CL-04: nor does a list that is",
    breaks: true,
    ...reply({ headers: sized(9), blocks: ["abc"] }),
    expect: { headers: sized(9), broken: true, log: [SHORT] },
    but: { python: TOLD },
  },
  {
    name: "CL-04: nor an empty one",
    breaks: true,
    ...reply({ headers: sized(9), blocks: [] }),
    expect: { headers: sized(9), broken: true, log: [SHORT] },
    but: { python: TOLD },
  },
  {
    name: "CL-04: nor what write() was given",
    breaks: true,
    ...both(
      "writes",
      async (_environ, startResponse) => {
        const write = startResponse("200 OK", sized(9));
        await write(bytes("abc"));
        return [];
      },
      ["abc"],
      [],
      9,
    ),
    expect: { headers: sized(9), body: "abc", broken: true, log: [SHORT] },
  },
  {
    name: "CL-05, ITER-05: a body longer than declared is cut, and its result closed",
    breaks: true,
    ...both(
      "closes",
      (environ, startResponse) => {
        startResponse("200 OK", sized(3));
        return closing(environ, generate(["ab", "cd", "ef"]));
      },
      ["ab", "cd", "ef"],
      3,
    ),
    expect: { headers: sized(3), body: "abc", closed: 1, log: [SURPLUS] },
  },
  {
    name: "CL-05: the next request on its connection is well",
    breaks: true,
    request: { times: 3 },
    ...reply({ headers: sized(3), blocks: ["abcdef"] }),
    expect: { headers: sized(3), body: "abc", log: [SURPLUS] },
  },
  {
    name: "CL-05: a block after the declared length is cut away whole",
    breaks: true,
    ...reply({ headers: sized(3), blocks: ["abc", "HTTP/1.1 200 OK\r\n\r\n"], as: "generator" }),
    expect: { headers: sized(3), body: "abc", lacks: /HTTP/, log: [SURPLUS] },
  },
  {
    name: "CL-05: a declared length of 0 is kept, too",
    breaks: true,
    ...reply({ headers: sized(0), blocks: ["surplus"] }),
    expect: { headers: sized(0), body: "", log: [SURPLUS] },
  },
  {
    name: "CL-05, WRT-01: write() of too much is an error",
    breaks: true,
    ...both(
      "writes",
      async (_environ, startResponse) => {
        const write = startResponse("200 OK", sized(3));
        await write(bytes("ab"));
        await write(bytes("cd"));
        return [];
      },
      ["ab", "cd"],
      [],
      3,
    ),
    expect: { headers: sized(3), body: "ab", broken: true, log: [/write\(\) exceeds the Content-Length/] },
  },
  {
    name: "CL-07: HTTP/1.0 knows no chunks: the body ends with the connection",
    only: "http1",
    request: { raw: "GET / HTTP/1.0\r\n\r\n" },
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], absent: ["transfer-encoding"], body: "hello" },
  },
  {
    name: "CL-07: HTTP/1.0 knows lengths",
    only: "http1",
    request: { raw: "GET / HTTP/1.0\r\n\r\n" },
    ...reply({ headers: sized(5), blocks: ["he", "llo"] }),
    expect: { headers: sized(5), absent: ["transfer-encoding"], body: "hello" },
  },
];
