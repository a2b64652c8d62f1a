/** Real Bottle, Flask and Django, and what they need of a server (FRM). */
import type { HeaderPair } from "../../../src/index.ts";
import type { Case, Expectation, RequestParts } from "../types.ts";

type Framework = "bottle" | "flask" | "django";

const on =
  (framework: Framework, more: Partial<Case> = {}) =>
  (name: string, target: string, expect: Expectation, request: RequestParts = {}): Case => ({
    name,
    request: { target, ...request },
    twin: { name: `${framework}_app`, args: [] },
    expect,
    ...more,
  });

const bottle = on("bottle");
const flask = on("flask");
const django = on("django");
/** Werkzeug calls `read()` without a size, which wsgiref.validate forbids. */
const reader = on("flask", { breaks: true });

const HTML: HeaderPair = ["Content-Type", "text/html; charset=UTF-8"];
const length = (value: number): HeaderPair => ["Content-Length", String(value)];
const HEAD: RequestParts = { method: "HEAD", times: 2 };

const CHUNKED: RequestParts = { method: "POST", chunks: ["ab", "c", "def"] };
const SIZED: RequestParts = { method: "POST", body: "abcdef" };

const PART = (head: string, content: string): string =>
  `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
const UPLOAD: RequestParts = {
  method: "POST",
  headers: [["Content-Type", "multipart/form-data; boundary=b"]],
  body: `${PART('name="name"', "Zoe")}${PART('name="file"; filename="f"', "a\r\n\r\nb")}--b--\r\n`,
};

const bodies = (title: string, ask: ReturnType<typeof on>): Case[] => [
  ask(`FRM-04, FRM-05: ${title} reads a body with a length`, "/body", { body: "abcdef" }, SIZED),
  ask(`EXP-05, FRM-03..05: ${title} reads a chunked body, too`, "/body", { body: "abcdef" }, CHUNKED),
  ask(`EXP-05: ${title} reads an empty chunked body`, "/body", { body: "" }, { method: "POST", chunks: [] }),
];

export const FRAMEWORKS: readonly Case[] = [
  bottle("FRM-09: Bottle says hello", "/hello", { headers: [length(5), HTML], body: "hello" }),
  bottle(
    "FRM-01: Bottle closes what it gives for HEAD itself",
    "/hello",
    { headers: [length(5), HTML], body: "" },
    HEAD,
  ),
  bottle("FRM-01: and of a stream", "/stream", { headers: [HTML], body: "" }, HEAD),
  bottle("FRM-01, FRM-09: a 204 of Bottle's has no fields of a body", "/empty", { status: 204, headers: [], body: "" }),
  bottle("FRM-08, FRM-09: Bottle's UTF-8 and its cookies arrive as they are", "/headers", {
    headers: [["X-Name", "\xd0\xb6"], length(1), HTML, ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
  }),
  ...bodies("Bottle", bottle),
  bottle("FRM-04: Bottle reads a form with a file", "/form", { body: "Zoe a\r\n\r\nb" }, UPLOAD),
  bottle("ITER-02: Bottle's stream comes in its blocks", "/stream", { headers: [HTML], chunks: ["one", "two"] }),
  bottle("ENV-20: Bottle makes text of a path's bytes", "/path/%D0%B6/a%2Fb", { body: "\xd0\xb6/a/b" }),
  bottle("EXC-01: Bottle answers for its routes, and says why in the log", "/fails", {
    status: 500,
    lacks: /hunter2/,
    log: [/LookupError: hunter2/],
  }),
  bottle("EXC-03: a stream of Bottle's that fails is broken off", "/late", {
    body: "begun",
    broken: true,
    log: [/LookupError: hunter2/],
  }),
  bottle("FRM-02: Bottle's last resort is a second start_response, with exc_info", "/teapot", {
    status: 500,
    lacks: /fails, too/,
    log: [/Critical error while processing request: \/teapot/],
  }),
  {
    ...bottle("FRM-21: where Bottle redirects to is its own affair", "/redirect", {
      status: 303,
      present: ["location"],
      body: "",
    }),
    but: { http2: { status: 302 } }, // Bottle knows 303 of HTTP/1.1 alone
  },
  bottle("SR-12: Bottle's 404 stays a 404", "/missing", { status: 404, reason: "Not Found" }),

  flask("FRM-10: Flask says hello", "/hello", {
    headers: [["Content-Type", "text/html; charset=utf-8"], length(5)],
    body: "hello",
  }),
  flask(
    "CL-10: Flask knows the length for HEAD",
    "/hello",
    { headers: [["Content-Type", "text/html; charset=utf-8"], length(5)], body: "" },
    HEAD,
  ),
  ...bodies("Flask", reader),
  flask("FRM-05: Flask reads a form with a file", "/form", { body: "Zoe a\r\n\r\nb" }, UPLOAD),
  flask("FRM-15: Flask's stream has its request until it is closed", "/stream?a=b", {
    chunks: ["b", "/stream"],
    closed: 1,
  }),
  flask("FW-01, FRM-13: Flask sends a file", "/file", { body: "0123456789", present: ["etag"] }),
  flask("FW-03: and a part of it", "/file", { status: 206, body: "234" }, { headers: [["Range", "bytes=2-4"]] }),
  flask(
    "CL-09: and nothing to who has it already",
    "/file",
    { status: 304, body: "", absent: ["content-type"] },
    { headers: [["If-None-Match", '"1"']] },
  ),
  flask("FRM-21: Flask's redirects are relative, and stay so", "/redirect", { status: 302, present: ["location"] }),
  flask("URL-01: Flask knows its URL", "/url", { body: "http://example.test:8123/hello" }),
  flask(
    "HDR-07: Flask's cookies",
    "/cookies",
    {
      headers: [
        ["Content-Type", "text/html; charset=utf-8"],
        length(1),
        ["Set-Cookie", "a=1; Path=/"],
        ["Set-Cookie", "b=2; Path=/"],
      ],
      body: "1",
    },
    { headers: [["Cookie", "in=1"]] },
  ),
  flask("EXC-01: Flask answers for its routes, and says why in the log", "/fails", {
    status: 500,
    lacks: /hunter2/,
    log: [/LookupError: hunter2/],
  }),

  django("FRM-13: Django says hello", "/hello", {
    headers: [["Content-Type", "text/plain"]],
    body: "hello",
  }),
  ...bodies("Django", django),
  django("FRM-13: Django knows scheme and mount of the environ", "/facts", { body: "False /facts True" }),
  django("FRM-12: a path that is no UTF-8 is Django's own affair", "/%FF", { status: 404 }),
  django("FRM-13, FW-02: Django sends a file by the wrapper, and closes it", "/file", {
    body: "0123456789",
    closed: 1,
  }),
  django("ITER-02: Django's stream comes in its blocks", "/stream", { chunks: ["one", "two"] }),
];
