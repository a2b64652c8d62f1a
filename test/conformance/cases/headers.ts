/** Header fields on their way out (HDR-02, HDR-06..09, FRM-08, FRM-21). */
import type { HeaderPair } from "../../../src/index.ts";
import { PLAIN, reply } from "../apps.ts";
import type { Case } from "../types.ts";

/** A row whose app sends these fields after Content-Type, and its client gets them. */
const sends = (name: string, headers: HeaderPair[], more: Partial<Case> = {}): Case => ({
  name,
  ...reply({ headers: [PLAIN, ...headers] }),
  expect: { headers: [PLAIN, ...headers], autoLength: 1, body: "x" },
  ...more,
});

const LATIN: HeaderPair[] = [
  ["X-Utf8", "\xd0\xb6"],
  ["X-Latin", "\xe9\x80\xff"],
];

export const HEADERS: readonly Case[] = [
  sends("HDR-06: names keep their case and their order", [
    ["x-lower", "1"],
    ["X-UPPER", "2"],
    ["X-miXed", "3"],
    ["A", "4"],
    ["ETag", '"5"'],
  ]),
  sends("HDR-07, FRM-09: cookies stay apart", [
    ["Set-Cookie", "a=1; Path=/"],
    ["Set-Cookie", "b=2, c; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    ["Set-Cookie", "d=4"],
  ]),
  sends("HDR-07: names that come again stay apart, whatever they are (Plack: multi headers)", [
    ["WWW-Authenticate", "Basic"],
    ["WWW-Authenticate", "Bearer"],
    ["Link", "</a>"],
    ["Link", "</b>"],
    ["Vary", "A"],
    ["Vary", "B"],
    ["X-Foo", "1"],
    ["X-Foo", "2"],
  ]),
  {
    name: "HDR-08: a Date is added",
    ...reply(),
    expect: { present: ["date"] },
  },
  sends("HDR-08: but not to the app's own", [["Date", "Thu, 01 Jan 1970 00:00:00 GMT"]]),
  sends("HDR-09, FRM-08: bytes go out as they are", LATIN, { only: "http1" }),
  sends(
    "HDR-09, NODE-14: the name of a file, too, which Node would decode again",
    [["Content-Disposition", 'attachment; filename="\xc4\x8d\xc4\x8a\xe9.txt"']],
    { only: "http1" },
  ),
  sends("HDR-02: a tab is no control character here", [["X-Tab", "a\tb"]], {
    breaks: true, // wsgiref.validate counts it among them
  }),
  sends("HDR-01: a name may have every character of a token", [["!#$%&'*+-.^_`|~09az", "1"]], {
    breaks: true, // wsgiref.validate wants letters, digits and hyphens
  }),
  sends("HDR-09: a value may be empty", [["X-Empty", ""]]),
  sends("HDR-09: a value may be long", [["X-Long", "x".repeat(10_000)]]),
  sends("FRM-21: a relative Location stays relative", [["Location", "../other?a=b"]]),
  sends("FRM-21: so does one that looks like a host", [["Location", "//other.test/a"]]),
  sends("CL-08: what the app has compressed is not looked into", [["Content-Encoding", "gzip"]]),
  sends("NODE-12, NODE-17: names that mean something to JavaScript mean nothing here", [
    ["constructor", "1"],
    ["toString", "2"],
  ]),
  {
    name: "HDR-08: an app that names no type has none invented",
    breaks: true, // validators want one
    ...reply({ headers: [["X-A", "1"]] }),
    expect: { headers: [["X-A", "1"]], autoLength: 1 },
  },
];
