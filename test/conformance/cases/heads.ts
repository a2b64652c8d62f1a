/** Heads that apps may send, and heads that `start_response` refuses (SR-12..15, HDR-01..05, CL-06). */
import type { HeaderPair } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, PLAIN, reply } from "../apps.ts";
import type { Case } from "../types.ts";

/** A case with a refused head: a 500 without any part of that head, and a log line that names `start_response`. */
const refused = (name: string, head: { status?: unknown; headers?: unknown }): Case => ({
  name,
  breaks: true,
  ...reply({ ...head, blocks: ["refused all the same"] }),
  expect: { status: 500, lacks: /X-Refused|refused all the same/i, log: [/start_?response/i] },
});

const field = (name: string, pair: readonly unknown[]): Case => refused(name, { headers: [["X-Refused", "1"], pair] });

const lenient = (refusal: Case): Case => ({ ...refusal, lenient: true });

const BAD_STATUSES: readonly unknown[] = [
  "200OK",
  "20X OK",
  "2000 OK",
  "099 Low",
  "199 Low",
  "000 None",
  "-20 OK",
  " 200 OK",
  "200\tOK",
  "200 OK\n",
  "200 OK\r\n",
  "200 a\x00b",
  "200 a\x7fb",
  "200 \u0416",
  "",
  200,
  null,
  ["200 OK"],
];

const BAD_NAMES: readonly string[] = ["", "a b", "a:b", "a\n", "a\r\nb", "\x00", "\xe9", "\u0416", "(a)", "a\t"];

const BAD_VALUES: readonly string[] = [
  "a\r\nX-Injected: 1",
  "a\nb",
  "a\rb",
  "a\x00b",
  "\x1f",
  "\x7f",
  "\u0100",
  "\u010d\u010a",
];

/** In different cases, because names are compared without regard to case. */
const HOP_BY_HOP: readonly string[] = [
  "Connection",
  "KEEP-ALIVE",
  "proxy-authenticate",
  "Proxy-authorization",
  "Proxy-Connection",
  "tE",
  "Trailer",
  "TRAILERS",
  "Transfer-Encoding",
  "transfer-ENCODING",
  "Upgrade",
];

/** Names that only look like hop-by-hop ones (B3). */
const END_TO_END: HeaderPair[] = [
  "Accept",
  "Cache-Control",
  "Pragma",
  "Via",
  "Warning",
  "Upgraded",
  "X-Connection",
].map((name) => [name, "a"]);

const BAD_LENGTHS: readonly string[] = ["", "-1", "+5", "5, 5", "0x5", "1_0", "5.0", "\xb2", "9".repeat(30)];

export const HEADS: readonly Case[] = [
  // The space is required, although some servers accept a status without it.
  lenient(refused("SR-13: refuses the status 200 without a space", { status: "200" })),
  ...BAD_STATUSES.map((status) => refused(`SR-12, SR-14: refuses the status ${JSON.stringify(status)}`, { status })),
  ...["100 Continue", "101 Switching Protocols", "103 Early Hints"].map((status) =>
    refused(`SR-14: refuses ${status}, which is not a final status`, { status }),
  ),
  {
    name: "SR-13: sends a status with an empty reason",
    ...reply({ status: "200 " }),
    expect: { status: 200, reason: "" },
    overrides: { koa: { reason: "OK" } }, // Koa lets Node choose the reason
  },
  {
    name: "SR-12, FRM-08: sends the bytes of a reason unchanged",
    ...reply({ status: "404 d\xc3\xa9j\xe0 \xff" }),
    expect: { status: 404, reason: "d\xc3\xa9j\xe0 \xff" },
  },
  {
    name: "SR-12: sends a status and a reason that are not registered",
    ...reply({ status: "299 All (too) Fine!" }),
    expect: { status: 299, reason: "All (too) Fine!", headers: [PLAIN], autoLength: 1 },
  },
  {
    name: "SR-14: accepts statuses up to 999; on HTTP/2, Node refuses this one",
    ...reply({ status: "999 Last" }),
    expect: { status: 999, reason: "Last" },
    overrides: { http2: { status: 500, log: [/Invalid status code/] } },
  },
  ...BAD_NAMES.map((name) => field(`HDR-01, HDR-03: refuses the header name ${JSON.stringify(name)}`, [name, "1"])),
  ...BAD_VALUES.map((value) =>
    field(`HDR-02, HDR-03: refuses the header value ${JSON.stringify(value)}`, ["X-Bad", value]),
  ),
  ...HOP_BY_HOP.map((name) => lenient(field(`HDR-04: refuses the hop-by-hop header ${name}`, [name, "close"]))),
  lenient(field("HDR-05: refuses a Status header", ["Status", "200 OK"])),
  field("SR-15: refuses a header of three items", ["X-Three", "1", "2"]),
  field("SR-15: refuses a header of one item", ["X-One"]),
  field("SR-15: refuses a header value that is a number", ["X-Number", 5]),
  field("SR-15: refuses a header name that is a number", [5, "five"]),
  ...["5 ", " 5"].map((value) =>
    lenient(field(`CL-06: refuses the Content-Length ${JSON.stringify(value)}`, ["Content-Length", value])),
  ),
  ...BAD_LENGTHS.map((value) =>
    field(`CL-06: refuses the Content-Length ${JSON.stringify(value)}`, ["Content-Length", value]),
  ),
  {
    name: "CL-06: refuses a Content-Length that is too large for a number",
    breaks: true,
    ...reply({ headers: [["Content-Length", "9".repeat(30)]], as: "generator" }),
    expect: { status: 500, log: [/Content-Length must be decimal digits/] },
  },
  lenient(
    refused("CL-06: refuses two Content-Length fields", {
      headers: [
        ["Content-Length", "20"],
        ["content-length", "20"],
      ],
    }),
  ),
  refused("CL-06: refuses two Content-Length fields that contradict each other", {
    headers: [
      ["Content-Length", "20"],
      ["content-length", "2"],
    ],
  }),
  {
    name: "SR-15: refuses headers that are not in a list (B3: simple_validation_error)",
    breaks: true,
    lenient: true,
    ...both("headers_in_tuple", (_environ, startResponse) => {
      startResponse("200 OK", new Set([PLAIN]) as unknown as HeaderPair[]);
      return [bytes("x")];
    }),
    expect: { status: 500, log: [/the headers must be (an array|a list)/] },
  },
  {
    name: "SR-15: refuses a header that is not a pair",
    breaks: true,
    lenient: true,
    ...both("header_in_list", (_environ, startResponse) => {
      startResponse("200 OK", [{ 0: "X-A", 1: "b", length: 2 } as unknown as HeaderPair]);
      return [bytes("x")];
    }),
    expect: { status: 500, log: [/each header must be/] },
  },
  {
    name: "SR-12, HDR-01: refuses a header of bytes (B3: bytes_validation)",
    breaks: true,
    ...both("bytes_in_head", (_environ, startResponse) => {
      startResponse("200 OK", [[bytes("X-A"), bytes("b")] as unknown as HeaderPair]);
      return [bytes("x")];
    }),
    expect: { status: 500, log: [/each header must be/] },
  },
  {
    name: "HDR-04: sends names that only look like hop-by-hop ones",
    ...reply({ headers: [PLAIN, ...END_TO_END] }),
    expect: { headers: [PLAIN, ...END_TO_END], autoLength: 1 },
  },
];
