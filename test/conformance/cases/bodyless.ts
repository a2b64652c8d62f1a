/** Responses that have no body, whatever the app returns (RFC 9110 §6.4.1; CL-09, CL-10). */
import type { HeaderPair } from "../../../src/index.ts";
import { both, closing, generate, PLAIN, reply } from "../apps.ts";
import type { Case } from "../types.ts";

const HEAD = { method: "HEAD" } as const;
const ETAG: HeaderPair = ["ETag", '"1"'];
const length = (value: number): HeaderPair => ["Content-Length", String(value)];
/** Koa removes the fields that describe a body from every status that has no body. */
const NO_FIELDS = { koa: { headers: [ETAG] } };
const NEITHER = ["content-length", "transfer-encoding"];

/** A case whose result is closed although the request or the status allows no body. */
const closes = (name: string, status: string, headers: HeaderPair[], more: Partial<Case>): Case => ({
  name,
  ...both(
    "closes",
    (environ, startResponse) => {
      startResponse(status, headers);
      return closing(environ, generate(["a", "b"]));
    },
    ["a", "b"],
    null,
    status,
    headers,
  ),
  expect: { status: Number(status.slice(0, 3)), body: "", closed: 1, absent: ["content-length"] },
  ...more,
});

export const BODYLESS: readonly Case[] = [
  {
    name: "CL-09: sends a 204 without a length and without a body",
    ...reply({ status: "204 No Content", headers: [ETAG], blocks: [] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: removes a Content-Length of 0 from a 204",
    breaks: true,
    ...reply({ status: "204 No Content", headers: [ETAG, length(0)], blocks: [] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: drops the body of a 204 and serves the next request",
    breaks: true,
    request: { times: 2 },
    ...reply({ status: "204 No Content", headers: [ETAG, length(5)], blocks: ["hello"] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: keeps the Content-Length of a 304 (Koa removes it)",
    ...reply({ status: "304 Not Modified", headers: [ETAG, length(12345)], blocks: [] }),
    expect: { status: 304, headers: [ETAG, length(12345)], absent: ["transfer-encoding"], body: "" },
    overrides: NO_FIELDS,
  },
  {
    name: "CL-09: drops the body of a 304 and serves the next request",
    breaks: true,
    request: { times: 2 },
    ...reply({ status: "304 Not Modified", headers: [ETAG], blocks: ["hello"] }),
    expect: { status: 304, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: sends a 205 with a Content-Length of 0 (Koa removes it)",
    ...reply({ status: "205 Reset Content", headers: [ETAG], blocks: ["hello"] }),
    breaks: true, // validators require a Content-Type
    expect: { status: 205, headers: [ETAG, length(0)], body: "" },
    overrides: NO_FIELDS,
  },
  {
    name: "CL-10: keeps the app's Content-Length for HEAD and sends no body (B3: bpo-3839)",
    request: { ...HEAD, times: 2 },
    ...reply({ headers: [PLAIN, length(12345)], blocks: [] }),
    expect: { headers: [PLAIN, length(12345)], body: "" },
  },
  {
    name: "CL-10: derives the Content-Length from a single block for HEAD",
    request: { ...HEAD, times: 2 },
    ...reply({ blocks: ["hello"] }),
    expect: { headers: [PLAIN], autoLength: 5, body: "" },
  },
  {
    name: "CL-10: sends no Content-Length for HEAD if the app returns no blocks",
    request: HEAD,
    ...reply({ blocks: [] }),
    expect: { headers: [PLAIN], body: "" },
  },
  {
    name: "CL-10: sends no Content-Length and no body for HEAD if the app returns several blocks",
    request: { ...HEAD, times: 2 },
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], body: "" },
  },
  closes("ITER-05: closes the result of a HEAD request", "200 OK", [PLAIN], { request: HEAD }),
  closes("ITER-05: closes the result of a 204", "204 No Content", [], { breaks: true }),
  closes("ITER-05: closes the result of a 304", "304 Not Modified", [], { breaks: true }),
  {
    name: "CL-10, WRT-02: does not send what the app writes with write() for HEAD",
    request: { ...HEAD, times: 2 },
    ...both(
      "writes",
      async (_environ, startResponse) => {
        const write = startResponse("200 OK", [PLAIN]);
        await write(Buffer.from("abc"));
        return [];
      },
      ["abc"],
      [],
    ),
    expect: { headers: [PLAIN], body: "" },
  },
  {
    name: "CL-10, SR-14: responds to HEAD with a 500 without a body if the app fails",
    request: HEAD,
    ...both("starts_and_fails", () => {
      throw new Error("after all");
    }),
    expect: { status: 500, body: "", log: [/after all/] },
  },
];
