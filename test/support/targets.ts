/** Random request targets and Hosts, most of them unusual: URL parsers are known to read them differently. */
import fc from "fast-check";

const scheme = fc.constantFrom("http", "https", "HTTP", "javascript", "ftp", "data", "x");
const slashes = fc.constantFrom("://", ":///", ":/", ":", "://u@", "://u:p@");
export const host: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "test",
    "TEST",
    "intranet",
    "a.b:8080",
    "[::1]",
    "[::1]:80",
    "",
    "h:",
    "h:99999",
    "%68",
    "a,b",
    "h;",
    "a_b",
  ),
  fc.stringMatching(/^[a-z.;,!$&'()*+=%_~:@\\-]{0,6}$/),
);
const segment = fc.oneof(
  fc.constantFrom("admin", "ADMIN", "m", "admin%2F", "%61dmin", "ad%6Din", "..", ".", "", "x", "a@b", "m%2Fadmin"),
  fc.stringMatching(/^[a-z0-9.;,:@!$&'()*+=%_~\\"<>^`{|}[\]-]{0,6}$/),
);
const path = fc
  .array(fc.tuple(fc.constantFrom("/", "/", "/", "//", "\\", ";"), segment), { maxLength: 4 })
  .map((all) => all.flat().join(""));
const tail = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.constantFrom("?", "?a=/admin", "#f", "#f?q", "?q#/admin", "?://x/y", "#/m/admin", "#://h/m"),
);

/** A request target of characters that Node's parser may accept. */
export const target: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(path, tail).map(([one, end]) => `/${one.replace(/^[/\\;]/, "")}${end}`) },
  fc.tuple(path, tail).map(([one, end]) => one + end),
  { weight: 4, arbitrary: fc.tuple(scheme, slashes, host, path, tail).map((all) => all.join("")) },
  fc.constantFrom("*", "*?a", "*/admin", "/", "//", "///admin"),
);
