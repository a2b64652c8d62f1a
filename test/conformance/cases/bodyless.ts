/** Responses that have no body, whatever the app gives (RFC 9110 §6.4.1; CL-09, CL-10). */
import type { HeaderPair } from "../../../src/index.ts";
import { both, closing, generate, PLAIN, reply } from "../apps.ts";
import type { Case } from "../types.ts";

const HEAD = { method: "HEAD" } as const;
const ETAG: HeaderPair = ["ETag", '"1"'];
const length = (value: number): HeaderPair => ["Content-Length", String(value)];
/** Koa takes the fields that describe a body from every status that has none. */
const NO_FIELDS = { koa: { headers: [ETAG] } };
const NEITHER = ["content-length", "transfer-encoding"];

/** A result that is closed, for a request or status that wants nothing of it. */
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
    name: "CL-09: a 204 has neither length nor body",
    ...reply({ status: "204 No Content", headers: [ETAG], blocks: [] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: a 204 that says it has a length of 0 has none",
    breaks: true,
    ...reply({ status: "204 No Content", headers: [ETAG, length(0)], blocks: [] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: what is given with a 204 is not sent, and the next request is well",
    breaks: true,
    request: { times: 2 },
    ...reply({ status: "204 No Content", headers: [ETAG, length(5)], blocks: ["hello"] }),
    expect: { status: 204, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: a 304 may say how long the body would be (not on Koa)",
    ...reply({ status: "304 Not Modified", headers: [ETAG, length(12345)], blocks: [] }),
    expect: { status: 304, headers: [ETAG, length(12345)], absent: ["transfer-encoding"], body: "" },
    but: NO_FIELDS,
  },
  {
    name: "CL-09: what is given with a 304 is not sent, and the next request is well",
    breaks: true,
    request: { times: 2 },
    ...reply({ status: "304 Not Modified", headers: [ETAG], blocks: ["hello"] }),
    expect: { status: 304, headers: [ETAG], absent: NEITHER, body: "" },
  },
  {
    name: "CL-09: a 205 has a length of 0 (Koa takes it away)",
    ...reply({ status: "205 Reset Content", headers: [ETAG], blocks: ["hello"] }),
    breaks: true, // validators want a Content-Type of it
    expect: { status: 205, headers: [ETAG, length(0)], body: "" },
    but: NO_FIELDS,
  },
  {
    name: "CL-10: HEAD keeps the app's length and gets no byte (B3: bpo-3839)",
    request: { ...HEAD, times: 2 },
    ...reply({ headers: [PLAIN, length(12345)], blocks: [] }),
    expect: { headers: [PLAIN, length(12345)], body: "" },
  },
  {
    name: "CL-10: HEAD of an only block has its length",
    request: { ...HEAD, times: 2 },
    ...reply({ blocks: ["hello"] }),
    expect: { headers: [PLAIN], autoLength: 5, body: "" },
  },
  {
    name: "CL-10: HEAD without blocks says nothing of the length that GET would have",
    request: HEAD,
    ...reply({ blocks: [] }),
    expect: { headers: [PLAIN], body: "" },
  },
  {
    name: "CL-10: HEAD of many blocks does not say either, and none is sent",
    request: { ...HEAD, times: 2 },
    ...reply({ blocks: ["he", "llo"] }),
    expect: { headers: [PLAIN], body: "" },
  },
  closes("ITER-05: HEAD closes the result", "200 OK", [PLAIN], { request: HEAD }),
  closes("ITER-05: a 204 closes the result", "204 No Content", [], { breaks: true }),
  closes("ITER-05: a 304 closes the result", "304 Not Modified", [], { breaks: true }),
  {
    name: "CL-10, WRT-02: what write() is given for HEAD is not sent",
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
    name: "CL-10, SR-14: an error without a body is an error with HEAD, too",
    request: HEAD,
    ...both("starts_and_fails", () => {
      throw new Error("after all");
    }),
    expect: { status: 500, body: "", log: [/after all/] },
  },
];
