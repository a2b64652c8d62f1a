/** Content-Length, chunks and the end of bodies (PEP 3333, "Handling the Content-Length Header"; CL). */
import type { HeaderPair } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, closing, generate, PLAIN, reply } from "../apps.ts";
import type { Case, Expectation } from "../types.ts";

const sized = (length: number): HeaderPair[] => [PLAIN, ["Content-Length", String(length)]];
const AFTER: RegExp = /after its response had begun/;
const SHORT: RegExp = /shorter than its Content-Length/;
const SURPLUS: RegExp = /more than its Content-Length/;

/** A Python list is checked before any of it is sent, so the client still gets a 500. */
const TOLD: Partial<Expectation> = { status: 500, headers: undefined, body: undefined, broken: false, log: [SHORT] };

export const LENGTH: readonly Case[] = [
  {
    name: "CL-01: derives the Content-Length from a list of one block",
    ...reply({ blocks: ["hello"] }),
    expect: { headers: [PLAIN], autoLength: 5, body: "hello" },
  },
  {
    name: "CL-01: sends no Content-Length for a list of two blocks",
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], chunks: ["he", "llo"] },
  },
  {
    name: "CL-01: sends no Content-Length for a generator of one block",
    ...reply({ blocks: ["hello"], as: "generator" }),
    expect: { headers: [PLAIN], chunks: ["hello"] },
  },
  {
    name: "CL-01, REF-02: sends a Content-Length of 0 for no blocks",
    ...reply({ blocks: [] }),
    expect: { headers: sized(0), body: "" },
  },
  {
    name: "CL-01, REF-02: sends a Content-Length of 0 for a generator of empty blocks",
    ...reply({ blocks: ["", ""], as: "generator" }),
    expect: { headers: sized(0), body: "" },
  },
  {
    name: "CL-02, REF-03: sends no Content-Length for a list of one block after write()",
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
    name: "CL-03: counts bytes",
    ...reply({ blocks: ["\xd1\x82\xd0\xb5\xd1\x81\xd1\x82"] }),
    expect: { headers: [PLAIN], autoLength: 8 },
  },
  {
    name: "CL-01: keeps the app's Content-Length and adds no second one",
    ...reply({ headers: sized(5), blocks: ["hello"] }),
    expect: { headers: sized(5), body: "hello" },
  },
  {
    name: "CL-01: keeps the app's Content-Length for many blocks, with empty ones at the end",
    ...reply({ headers: sized(5), blocks: ["", "he", "", "llo", "", ""], as: "generator" }),
    expect: { headers: sized(5), body: "hello" },
  },
  {
    name: "CL-04: aborts a response whose generator yields less than its Content-Length",
    breaks: true,
    ...reply({ headers: sized(9), blocks: ["abc", "def"], as: "generator" }),
    expect: { headers: sized(9), body: "abcdef", broken: true, log: [SHORT, AFTER] },
    overrides: { python: { log: [SHORT] } },
  },
  {
    name: "CL-04: aborts a response whose list is shorter than its Content-Length",
    breaks: true,
    ...reply({ headers: sized(9), blocks: ["abc"] }),
    expect: { headers: sized(9), broken: true, log: [SHORT] },
    overrides: { python: TOLD },
  },
  {
    name: "CL-04: aborts a response with a Content-Length whose list is empty",
    breaks: true,
    ...reply({ headers: sized(9), blocks: [] }),
    expect: { headers: sized(9), broken: true, log: [SHORT] },
    overrides: { python: TOLD },
  },
  {
    name: "CL-04: aborts a response whose app writes less than its Content-Length with write()",
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
    name: "CL-05, ITER-05: cuts a body at its Content-Length and closes the result",
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
    name: "CL-05: serves the next request on the connection after cutting a body",
    breaks: true,
    request: { times: 3 },
    ...reply({ headers: sized(3), blocks: ["abcdef"] }),
    expect: { headers: sized(3), body: "abc", log: [SURPLUS] },
  },
  {
    name: "CL-05: drops a block after the declared length",
    breaks: true,
    ...reply({ headers: sized(3), blocks: ["abc", "HTTP/1.1 200 OK\r\n\r\n"], as: "generator" }),
    expect: { headers: sized(3), body: "abc", lacks: /HTTP/, log: [SURPLUS] },
  },
  {
    name: "CL-05: cuts a body at a Content-Length of 0",
    breaks: true,
    ...reply({ headers: sized(0), blocks: ["surplus"] }),
    expect: { headers: sized(0), body: "", log: [SURPLUS] },
  },
  {
    name: "CL-05, WRT-01: refuses a write() beyond the Content-Length",
    breaks: true,
    lenient: true,
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
    name: "CL-07: ends an HTTP/1.0 body with the connection instead of sending chunks",
    only: "http1",
    request: { raw: "GET / HTTP/1.0\r\n\r\n" },
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], absent: ["transfer-encoding"], body: "hello" },
  },
  {
    name: "CL-07: sends the app's Content-Length to HTTP/1.0 clients",
    only: "http1",
    request: { raw: "GET / HTTP/1.0\r\n\r\n" },
    ...reply({ headers: sized(5), blocks: ["he", "llo"] }),
    expect: { headers: sized(5), absent: ["transfer-encoding"], body: "hello" },
  },
];
