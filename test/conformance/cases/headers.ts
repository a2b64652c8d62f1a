/** The header fields of responses (HDR-02, HDR-06..09, FRM-08, FRM-21). */
import type { HeaderPair } from "../../../src/index.ts";
import { PLAIN, reply } from "../apps.ts";
import type { Case } from "../types.ts";

/** A case whose app sends these fields after Content-Type, and whose client receives them. */
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
  sends("HDR-06: keeps the case and the order of names", [
    ["x-lower", "1"],
    ["X-UPPER", "2"],
    ["X-miXed", "3"],
    ["A", "4"],
    ["ETag", '"5"'],
  ]),
  sends("HDR-07, FRM-09: sends each cookie in a field of its own", [
    ["Set-Cookie", "a=1; Path=/"],
    ["Set-Cookie", "b=2, c; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    ["Set-Cookie", "d=4"],
  ]),
  sends("HDR-07: sends repeated fields as separate fields, whatever their name (Plack: multi headers)", [
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
    name: "HDR-08: adds a Date",
    ...reply(),
    expect: { present: ["date"] },
  },
  sends("HDR-08: keeps the app's own Date", [["Date", "Thu, 01 Jan 1970 00:00:00 GMT"]]),
  sends("HDR-09, FRM-08: sends the bytes of a value unchanged", LATIN, { only: "http1" }),
  sends(
    "HDR-09, NODE-14: sends the bytes of a file name in Content-Disposition, which Node would decode again",
    [["Content-Disposition", 'attachment; filename="\xc4\x8d\xc4\x8a\xe9.txt"']],
    { only: "http1" },
  ),
  sends("HDR-02: allows a tab in a value", [["X-Tab", "a\tb"]], {
    breaks: true, // wsgiref.validate refuses it as a control character
  }),
  sends("HDR-01: allows every character of a token in a name", [["!#$%&'*+-.^_`|~09az", "1"]], {
    breaks: true, // wsgiref.validate accepts only letters, digits and hyphens
  }),
  sends("HDR-09: sends an empty value", [["X-Empty", ""]]),
  sends("HDR-09: sends a value with blanks around it, which HTTP/2 does not allow", [["X-Blanks", "  a b "]], {
    overrides: { http2: { headers: [PLAIN, ["X-Blanks", "a b"]] } },
  }),
  sends("HDR-09: sends a long value", [["X-Long", "x".repeat(10_000)]]),
  sends("FRM-21: keeps a relative Location", [["Location", "../other?a=b"]]),
  sends("FRM-21: keeps a relative Location that begins with a host", [["Location", "//other.test/a"]]),
  sends("CL-08: does not decode a body with a Content-Encoding", [["Content-Encoding", "gzip"]]),
  sends("NODE-12, NODE-17: sends names that are properties of every JavaScript object", [
    ["constructor", "1"],
    ["toString", "2"],
  ]),
  {
    name: "HDR-08: adds no Content-Type",
    breaks: true, // validators require a Content-Type
    ...reply({ headers: [["X-A", "1"]] }),
    expect: { headers: [["X-A", "1"]], autoLength: 1 },
  },
];
