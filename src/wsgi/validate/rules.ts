/** All rules that `validator` checks, in one table. Tests compare the table in docs/errors.md with it. Contains no checks. */

/** A row of the table. */
export interface Rule {
  /** Where the rule is written. */
  readonly clause: string;
  /** What a broken rule causes: an error, a warning, or one of both, depending on the case. `note`: nothing is checked. */
  readonly level: "error" | "warning" | "both" | "note";
  /** What must hold. */
  readonly sentence: string;
}

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** The stable name of a rule, for programs. */
export type RuleId = `VAL-0${Exclude<Digit, 0>}` | `VAL-${1 | 2}${Digit}` | `VAL-3${0 | 1 | 2}`;

type Topic =
  | "method"
  | "server"
  | "hop-by-hop"
  | "content-length"
  | "bytes"
  | "no-body"
  | "twice"
  | "close"
  | "write"
  | "input";

/** The key of a row. `VAL-32` has one row for each topic. */
export type RuleKey = Exclude<RuleId, "VAL-32"> | `VAL-32:${Topic}`;

const ENVIRON = 'PEP 3333, "environ Variables"';
const START = 'PEP 3333, "The start_response() Callable"';
const STREAMS = 'PEP 3333, "Input and Error Streams"';
const DETAILS = 'PEP 3333, "Specification Details"';
const WRITE = 'PEP 3333, "The write() Callable"';
const UNICODE = 'PEP 3333, "Unicode Issues"';
const LENGTH = 'PEP 3333, "Handling the Content-Length Header"';

const row = (level: Rule["level"], clause: string, sentence: string): Rule => ({ clause, level, sentence });

/** VAL-01 to VAL-31 are the checks of Python's `wsgiref.validate`. VAL-32 has all other rules, by topic. */
export const RULES: Readonly<Record<RuleKey, Rule>> = {
  "VAL-01": row("error", DETAILS, "The app is called with exactly two arguments: the environ and a function."),
  "VAL-02": row("error", DETAILS, "The environ is a plain object that the app may change."),
  "VAL-03": row("error", ENVIRON, "The environ has every key that PEP 3333 requires."),
  "VAL-04": row(
    "error",
    ENVIRON,
    "The environ has no HTTP_CONTENT_TYPE and no HTTP_CONTENT_LENGTH; these names have no HTTP_.",
  ),
  "VAL-05": row("warning", ENVIRON, "The environ has QUERY_STRING; it is empty if there is no query."),
  "VAL-06": row(
    "error",
    UNICODE,
    "The values of keys without a dot are strings of bytes in latin-1; a header has no control character.",
  ),
  "VAL-07": row("error", ENVIRON, "wsgi.version is the array [1, 0]."),
  "VAL-08": row("error", ENVIRON, 'wsgi.url_scheme is "http" or "https".'),
  "VAL-09": row("error", STREAMS, "wsgi.input has read(), readline(), readlines() and is async iterable."),
  "VAL-10": row("error", STREAMS, "wsgi.errors has write(), writelines() and flush()."),
  "VAL-11": row("warning", ENVIRON, "REQUEST_METHOD is a common HTTP method."),
  "VAL-12": row("error", ENVIRON, "SCRIPT_NAME is empty or begins with a slash."),
  "VAL-13": row("error", ENVIRON, "PATH_INFO is empty or begins with a slash."),
  "VAL-14": row("error", ENVIRON, "CONTENT_LENGTH is absent, empty, or ASCII digits."),
  "VAL-15": row("error", ENVIRON, "If SCRIPT_NAME is empty, PATH_INFO is set."),
  "VAL-16": row("both", ENVIRON, 'SCRIPT_NAME is not "/" (an error) and does not end with a slash (a warning).'),
  "VAL-17": row("error", START, "startResponse takes two or three arguments and returns the function write."),
  "VAL-18": row("both", START, 'The status is "DDD reason", 200 to 999; spaces around the reason are a warning.'),
  "VAL-19": row("error", START, "The headers are an array of [name, value] arrays, both strings."),
  "VAL-20": row("error", START, "No header is named Status."),
  "VAL-21": row(
    "error",
    START,
    "A header name begins with a letter, has letters, digits, - and _, and does not end with - or _.",
  ),
  "VAL-22": row("both", START, "A header value is bytes in latin-1 without control characters; a tab is a warning."),
  "VAL-23": row("error", "RFC 9110 §8.3", "A response with a body has a Content-Type; a 204 or 304 has none."),
  "VAL-24": row("error", START, "excInfo is an Error, a triple as in Python, or absent."),
  "VAL-25": row(
    "error",
    DETAILS,
    "The app returns an iterable of blocks, and not a string, a single Uint8Array or nothing.",
  ),
  "VAL-26": row(
    "error",
    DETAILS,
    "Blocks are Uint8Arrays and come after startResponse. The gateway iterates over them once, and not after close().",
  ),
  "VAL-27": row(
    "warning",
    DETAILS,
    "The gateway closes the result. A missing close() is reported when the result is garbage-collected.",
  ),
  "VAL-28": row("error", WRITE, "write() takes exactly one Uint8Array and returns a promise."),
  "VAL-29": row("both", STREAMS, "The methods of wsgi.input take at most one size, and return bytes or lines."),
  "VAL-30": row(
    "error",
    STREAMS,
    "The app does not close wsgi.input and wsgi.errors, and writes only strings to wsgi.errors.",
  ),
  "VAL-31": row(
    "note",
    LENGTH,
    "A validated result has no length, so that a gateway cannot derive a Content-Length from it.",
  ),
  "VAL-32:method": row("error", "RFC 9110 §9.1", "REQUEST_METHOD is a token."),
  "VAL-32:server": row(
    "error",
    ENVIRON,
    "SERVER_NAME is not empty, SERVER_PORT is digits, SERVER_PROTOCOL is HTTP/D.D.",
  ),
  "VAL-32:hop-by-hop": row("error", 'PEP 3333, "Other HTTP Features"', "The app sends no hop-by-hop headers."),
  "VAL-32:content-length": row(
    "error",
    "RFC 9110 §8.6",
    "Content-Length comes at most once, in digits, and not with a 204.",
  ),
  "VAL-32:bytes": row("error", LENGTH, "The body has exactly as many bytes as Content-Length says."),
  "VAL-32:no-body": row(
    "both",
    "RFC 9110 §6.4.1",
    "A 204, 205 or 304 has no body; a body in a response to HEAD is a warning.",
  ),
  "VAL-32:twice": row(
    "error",
    START,
    "startResponse is called once, again only with excInfo, and never after the end.",
  ),
  "VAL-32:close": row("error", DETAILS, "close() is called once."),
  "VAL-32:write": row(
    "both",
    WRITE,
    "write() is not called during the iteration (a warning) or after the end (an error).",
  ),
  "VAL-32:input": row(
    "both",
    STREAMS,
    "wsgi.input ends exactly at CONTENT_LENGTH; the app reads beyond it only if wsgi.input_terminated is set.",
  ),
};

/**
 * Returns the key of a rule without its topic.
 *
 *     ruleId("VAL-05")          → "VAL-05"
 *     ruleId("VAL-32:close")    → "VAL-32"
 */
export function ruleId(key: RuleKey): RuleId {
  return key.split(":", 1)[0] as RuleId;
}
