/** Every function that reads bytes from outside, with the worst possible input (CONFORMANCE ISO-04). */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { CgiHeadReader, readCgiHead } from "../../src/fastcgi/cgi-head.ts";
import { encodeParams } from "../../src/fastcgi/params.ts";
import { pair, readPairs } from "../../src/fastcgi/records.ts";
import { expressHead } from "../../src/from-wsgi/express-exchange.ts";
import { splitMount } from "../../src/from-wsgi/koa-exchange.ts";
import { rewriteBody } from "../../src/from-wsgi/parsed-body.ts";
import { plainAddress, socketHead } from "../../src/from-wsgi/request-head.ts";
import { setHeaders } from "../../src/node/response.ts";
import { pythonError } from "../../src/python/failures.ts";
import { gatewayHead } from "../../src/remote/head.ts";
import { readHttpHead } from "../../src/remote/http-head.ts";
import { HttpResponseReader } from "../../src/remote/http-reader.ts";
import { encodePacket } from "../../src/remote/uwsgi-packet.ts";
import { addExtra, requestHead as fastcgiHead } from "../../src/servers/fastcgi/request-head.ts";
import { readHead } from "../../src/to-wsgi/captured-head.ts";
import { trimBlanks } from "../../src/wsgi/blanks.ts";
import { buildEnviron } from "../../src/wsgi/environ.ts";
import { BodyInput, bytesInput } from "../../src/wsgi/input.ts";
import { LineSplitter, printable } from "../../src/wsgi/log.ts";
import { LogErrors } from "../../src/wsgi/log-errors.ts";
import { levelOf } from "../../src/wsgi/log-level.ts";
import { LogRecords } from "../../src/wsgi/log-records.ts";
import { environKey } from "../../src/wsgi/names.ts";
import { isPlain, readsAlike } from "../../src/wsgi/one-reading.ts";
import { percentDecode, splitTarget, targetAuthority } from "../../src/wsgi/path.ts";
import { headerName, readEnviron } from "../../src/wsgi/read-environ.ts";
import { RecordSplitter } from "../../src/wsgi/record-splitter.ts";
import { requestId } from "../../src/wsgi/request-id.ts";
import { quote, requestUrl } from "../../src/wsgi/request-url.ts";
import { parseHead } from "../../src/wsgi/response-head.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { vetEnviron } from "../../src/wsgi/vet-environ.ts";
import { LIMITS, vetHead } from "../../src/wsgi/vetting.ts";
import { environOf } from "../support/calls.ts";
import { growth, MOST, type Work } from "../support/growth.ts";
import { requestHead, surroundings } from "../support/heads.ts";
import { MemoryLogger } from "../support/logger.ts";

type Row = readonly [name: string, prepare: (size: number) => Work];

/** A function of one string, with a function that makes a string of a given size. An error counts as a result, too. */
const reading = (name: string, read: (text: string) => unknown, text: (size: number) => string): Row => [
  name,
  (size) => {
    const given = text(size);
    return () => answerOf(() => read(given));
  },
];

/** Reads the text as one line, which a `LineSplitter` may pass on in a length of 64 KiB. */
function record(line: string): unknown {
  const records = new LogRecords("warn", () => undefined);
  records.push(line);
  records.flush();
  return levelOf(line);
}

function split(text: string): void {
  const splitter = new RecordSplitter("warn", () => undefined);
  splitter.push(text);
  splitter.flush();
}

function answerOf(work: Work): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** As many parts as fit, then an end that makes a pattern fail after all of them. */
const many =
  (part: string, end = "", begin = "") =>
  (size: number): string =>
    begin + part.repeat(Math.ceil(size / part.length)) + end;
const middle = (part: string) => many(part, "x", "x");

const HEADERS = (size: number): string[] => Array.from({ length: size / 16 }, (_, n) => ["X-Name", `v${n}`]).flat();

/** Node limits a head to 16 KiB, this package to 256 KiB, and a value to 64 KiB; larger input is only refused sooner. */
const FROM_CLIENTS: readonly Row[] = [
  reading("trimBlanks: blanks in the middle", trimBlanks, middle(" ")),
  reading("trimBlanks: tabs and blanks at both ends", trimBlanks, many(" \t", " \t \t", "a")),
  reading(
    "vetHead: blanks in a Transfer-Encoding",
    (value) => vetHead(requestHead({ rawHeaders: ["Transfer-Encoding", value] })),
    (size) => many(" ", "y, chunked", "x")(Math.min(size, LIMITS.value - 12)),
  ),
  [
    "vetHead: many Transfer-Encodings",
    (size) => {
      const head = requestHead({
        rawHeaders: Array.from({ length: 16 }, () => ["Transfer-Encoding", " ".repeat(size / 16)]).flat(),
      });
      return () => answerOf(() => vetHead(head));
    },
  ],
  ...["a", ".", "%", ":", ":1", "[", "[1", "@", "1:"].map((part) =>
    reading(`vetHead: an authority of ${part}`, (host) => vetHead(requestHead({ host })), many(part, "/")),
  ),
  reading(
    "Content-Length of digits",
    (value) => vetHead(requestHead({ rawHeaders: ["Content-Length", value] })),
    (size) => many("1", "x")(Math.min(size, LIMITS.value - 1)),
  ),
  ...["%", "%2", "%41", "a", "%%4"].map((part) => reading(`percentDecode: ${part}`, percentDecode, many(part))),
  ...["/", "?", "#", "//?#", "a", "a:", "a://", "a://b", "http://h"].flatMap((part) => [
    reading(`splitTarget: ${part}`, splitTarget, many(part)),
    reading(`targetAuthority: ${part}`, targetAuthority, many(part)),
  ]),
  ...["http://", "http://h", "http://h/", "http://[", "/", "//", "", "http://h:"].flatMap((begin) =>
    ["a", "1", ":", "/", "%", "?", "#", "."].map((part) =>
      reading(`readsAlike: ${begin} and then ${part}`, readsAlike, many(part, '"#\n', begin)),
    ),
  ),
  reading("isPlain", isPlain, many("/a?", "#")),
  reading("quote", quote, many("\xff /")),
  ...["/%41", "/a", "/", "/%"].map((part) =>
    reading(
      `requestUrl: ${part}`,
      (target) => requestUrl(requestHead({ target, scriptName: percentDecode(target), pathInfo: "", queryString: "" })),
      many(part),
    ),
  ),
  ...["/", "/m", "//"].map((part) =>
    reading(`splitMount: ${part}`, (path) => splitMount(path, `${path}x`), many(part)),
  ),
  ...["a-", "_", "A"].map((part) => reading(`environKey: ${part}`, environKey, many(part, "\x80"))),
  reading("headerName", headerName, many("A_", "", "HTTP_")),
  reading(
    "requestId",
    (given) => requestId(undefined, { HTTP_X_REQUEST_ID: given } as unknown as Environ),
    many("1", "]"),
  ),
  reading("plainAddress", plainAddress, many("::ffff:", ".")),
  ...["1", "[", ":", ":1"].map((part) =>
    reading(
      `SERVER_NAME of Host ${part}`,
      (host) => socketHead(messageOf({ host }), { ...requestHead(), ip: undefined, host }),
      many(part, "x"),
    ),
  ),
  ...["http://h/", "javascript:", "/", "//a@b#"].map((part) =>
    reading(
      `expressHead: ${part}`,
      (url) => expressHead(Object.assign(messageOf({ "x-forwarded-host": url }), { url, originalUrl: url })),
      many(part, "#"),
    ),
  ),
  ...["; ", ";", "; charset=", '; charset="', ";\t"].map((part) =>
    reading(
      `a parsed body's Content-Type of ${part}`,
      (type) => rewriteBody(messageOf({ "content-type": type }), { body: "text" }),
      many(part),
    ),
  ),
  [
    "buildEnviron: one header many times",
    (size) => {
      const head = requestHead({ rawHeaders: HEADERS(size) });
      return () => buildEnviron(head, surroundings());
    },
  ],
  [
    "readEnviron, vetEnviron: a long header",
    (size) => {
      const environ = environOf({ rawHeaders: ["X-A", many("a", "\x7f")(size)] });
      return () => [readEnviron(environ), answerOf(() => vetEnviron(environ))];
    },
  ],
  ...(
    [
      "SCRIPT_NAME",
      "PATH_INFO",
      "QUERY_STRING",
      "SERVER_NAME",
      "SERVER_PORT",
      "REQUEST_METHOD",
      "SERVER_PROTOCOL",
      "CONTENT_LENGTH",
    ] as const
  ).flatMap((key) =>
    ["/", "a", "1", "/a", "HTTP/1", "1."].map((part) =>
      reading(
        `vetEnviron: ${key} of ${part}`,
        (value) => vetEnviron({ ...environOf(), [key]: value } as Environ),
        many(part, "\u0100/", key === "SERVER_PROTOCOL" ? "HTTP/" : "/"),
      ),
    ),
  ),
];

const FROM_WEB_SERVERS: readonly Row[] = [
  [
    "readPairs: empty pairs",
    (size) => {
      const content = Buffer.alloc(size);
      return () => readPairs(content);
    },
  ],
  [
    "readPairs: different pairs",
    (size) => {
      const content = Buffer.from(
        Array.from({ length: size / 16 }, (_, n) => pair(`K${n}`, "value")).join(""),
        "latin1",
      );
      return () => readPairs(content);
    },
  ],
  ...(
    [
      "SCRIPT_NAME",
      "PATH_INFO",
      "REQUEST_URI",
      "HTTP_HOST",
      "REMOTE_ADDR",
      "SERVER_PROTOCOL",
      "HTTPS",
      "SERVER_PORT",
      "HTTP_A",
    ] as const
  ).flatMap((key) =>
    ["/", ":", ":1", "unix:", "*", "1", "\t"].map((part) =>
      reading(
        `the parameter ${key} of ${part}`,
        (value) =>
          fastcgiHead(
            new Map([
              ["REQUEST_METHOD", "GET"],
              [key, value],
            ]),
            "",
          ),
        many(part, "\n"),
      ),
    ),
  ),
  [
    "addExtra: many parameters",
    (size) => {
      const params = new Map(Array.from({ length: size / 16 }, (_, n) => [`SSL_${n}`, "value"]));
      return () => addExtra({}, params);
    },
  ],
];

const FROM_REMOTE_SERVERS: readonly Row[] = [
  ...[
    [" ", "x"],
    [" ", "\x7f"],
    ["\t ", "x"],
    [" x", "\n"],
    ["a", "\0"],
    [":", "\0"],
  ].map(([part = "", end = ""]) =>
    reading(
      `readHttpHead: a value of ${JSON.stringify(part)} and ${JSON.stringify(end)}`,
      (text) => readHttpHead(text, "GET"),
      many(part, end, "HTTP/1.1 200 OK\r\nX-A: x"),
    ),
  ),
  reading("readHttpHead: a long status", (text) => readHttpHead(text, "GET"), many(" ", "\0", "HTTP/1.1 200 ")),
  reading("readHttpHead: a long name", (text) => readHttpHead(text, "GET"), many("a", "", "HTTP/1.1 200 \r\n")),
  reading(
    "readHttpHead: many lengths",
    (text) => readHttpHead(text, "GET"),
    many("\r\nContent-Length: 1", "", "HTTP/1.1 200 "),
  ),
  reading(
    "readHttpHead, gatewayHead: many fields",
    (text) => gatewayHead(readHttpHead(text, "GET")),
    many("\r\nTE: ", "", "HTTP/1.1 200 "),
  ),
  ...["A:\n", "A: b\r\n", "\r", "\r\r\n", "A:\n\r", "a", ":\n", "Location:\n"].map((part) =>
    reading(
      `readCgiHead: lines of ${JSON.stringify(part)}`,
      (text) => readCgiHead(Buffer.from(text, "latin1")),
      many(part, "\n\n"),
    ),
  ),
  ...["a", "A:\n", "\r"].map(
    (part): Row => [
      `CgiHeadReader: ${JSON.stringify(part)}, byte by byte`,
      byteByByte(part, () => {
        const reader = new CgiHeadReader();
        return (byte) => reader.push(byte);
      }),
    ],
  ),
  ...["a", "A: b\r\n", "\r"].map(
    (part): Row => [
      `HttpResponseReader: a head of ${JSON.stringify(part)}, byte by byte`,
      byteByByte(part, () => {
        const reader = new HttpResponseReader("GET", { head: () => undefined, body: () => undefined });
        return (byte) => reader.push(byte);
      }),
    ],
  ),
  [
    "encodeParams, encodePacket: many variables",
    (size) => {
      const environ = environOf({
        rawHeaders: Array.from({ length: size / 16 }, (_, n) => [`X-${n}`, "value"]).flat(),
      });
      return () => [encodeParams(environ, 1), answerOf(() => encodePacket(environ, 1))];
    },
  ],
];

const FROM_APPS: readonly Row[] = [
  ...["a", " ", "\t"].flatMap((part) => [
    reading(
      `parseHead: a value of ${JSON.stringify(part)}`,
      (value) => parseHead("200 OK", [["X-A", value]]),
      many(part, "\0"),
    ),
    reading(
      `parseHead: a status of ${JSON.stringify(part)}`,
      (reason) => parseHead(`200 ${reason}`, []),
      many(part, "\0"),
    ),
    reading(
      `parseHead: a name of ${JSON.stringify(part)}`,
      (name) => parseHead("200 OK", [[name, ""]]),
      many(part, "\0"),
    ),
  ]),
  reading("parseHead: a Content-Length", (value) => parseHead("200 OK", [["Content-Length", value]]), many("1", "x")),
  [
    "parseHead, setHeaders: many Set-Cookie",
    (size) => {
      const cookies = Array.from({ length: size / 32 }, (_, n): [string, string] => ["Set-Cookie", `c=${n}`]);
      return () => setHeaders(new ServerResponse(messageOf({})), parseHead("200 OK", cookies).headers);
    },
  ],
  reading("readHead: many fields", readHead, many("\r\nX-A: b", "", "HTTP/1.1 200 OK")),
  reading("readHead: a long value", readHead, many(": \t", "", "HTTP/1.1 200 OK\r\nX-A: ")),
  reading("printable", printable, many("\x1b\r\n")),
  ...["a", "\n", "\r", "ab\r\n"].flatMap((part): Row[] => [
    reading(
      `LineSplitter: ${JSON.stringify(part)} at once`,
      (text) => {
        const lines = new LineSplitter(() => undefined);
        lines.push(text);
        lines.flush();
      },
      many(part),
    ),
    [
      `LineSplitter: ${JSON.stringify(part)}, one after another`,
      (size) => () => {
        const lines = new LineSplitter(() => undefined);
        for (let sent = 0; sent < size; sent += part.length) lines.push(part);
        lines.flush();
      },
    ],
  ]),
  ...[
    " ",
    "a ",
    "[",
    "[1",
    ":1",
    ": 1: ",
    "1:2 ",
    "\\x1b[1",
    "\\x1b[31m",
    '"level": "',
    '", line ',
    "Warning: ",
    ":1: a.",
    "INFO=",
    "level=",
    " - ",
    '] "',
  ].flatMap((part): Row[] =>
    ["", "[", "{", '[27/Nov/2026 10:00:00] "', "Thread 0x1 "].map((begin) =>
      reading(`levelOf, LogRecords: ${JSON.stringify(begin + part)}`, record, many(part, "", begin)),
    ),
  ),
  ...[
    "  File\n",
    "\n",
    "INFO a\n",
    "a:\n",
    "  a\n",
    "Traceback (most recent call last):\n",
    "Traceback (most recent call last):\nA\n\n",
  ].flatMap((part): Row[] => [
    reading(`RecordSplitter: ${JSON.stringify(part)}`, split, many(part)),
    reading(
      `RecordSplitter: ${JSON.stringify(part)} in a traceback`,
      split,
      many(part, "", "Traceback (most recent call last):\n"),
    ),
  ]),
  [
    "wsgi.errors: characters one after another",
    (size) => {
      const errors = new LogErrors({ ...new MemoryLogger(), error: () => undefined } as unknown as MemoryLogger);
      return () => {
        for (let sent = 0; sent < size; sent += 1) errors.write("a");
        errors.flush();
      };
    },
  ],
  [
    "pythonError: many frames",
    (size) => {
      const report = new Map(Array.from({ length: size / 16 }, (_, n) => [`frame${n}`, "f\x001\0n\0s"]));
      return () => pythonError(report);
    },
  ],
];

const BODIES: readonly Row[] = [
  [
    "BodyInput: pieces of one byte, read at once",
    (size) => {
      const one = Buffer.from("a");
      return () => {
        let left = size;
        return new BodyInput({ next: () => Promise.resolve(left-- > 0 ? one : undefined) }).read();
      };
    },
  ],
  [
    "BodyInput: pieces of one byte, read as a line",
    (size) => {
      const one = Buffer.from("a");
      return () => {
        let left = size;
        return new BodyInput({ next: () => Promise.resolve(left-- > 0 ? one : undefined) }).readline();
      };
    },
  ],
  [
    "bytesInput: lines of one byte",
    (size) => {
      const body = Buffer.alloc(size, "\n");
      return () => bytesInput(body).readlines();
    },
  ],
];

describe.each([
  ["clients", FROM_CLIENTS],
  ["web servers", FROM_WEB_SERVERS],
  ["remote servers", FROM_REMOTE_SERVERS],
  ["applications and Python", FROM_APPS],
  ["clients, as bodies", BODIES],
])("ISO-04: input from %s takes linear time", (_from, rows) => {
  it.each(rows)("%s", async (_name, prepare) => {
    expect(await growth(prepare)).toBeLessThanOrEqual(MOST);
  });
});

/** A request with these headers, in lower case. */
function messageOf(headers: Record<string, string>): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { headers, method: "GET" });
}

/** Feeds a head that does not end, byte by byte, up to the size that a reader refuses. */
function byteByByte(part: string, open: () => (byte: Buffer) => unknown): (size: number) => Work {
  return (size) => {
    const all = Buffer.from(part.repeat(size / part.length), "latin1").subarray(0, size - 1);
    return () => {
      const push = open();
      return answerOf(() => {
        for (let at = 0; at < all.length; at += 1) push(all.subarray(at, at + 1));
      });
    };
  };
}
