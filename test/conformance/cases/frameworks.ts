/** Bottle, Flask and Django: what they need from a server (FRM). */
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
  ask(`FRM-04, FRM-05: ${title} reads a body with a Content-Length`, "/body", { body: "abcdef" }, SIZED),
  ask(`EXP-05, FRM-03..05: ${title} reads a chunked body`, "/body", { body: "abcdef" }, CHUNKED),
  ask(`EXP-05: ${title} reads an empty chunked body`, "/body", { body: "" }, { method: "POST", chunks: [] }),
];

export const FRAMEWORKS: readonly Case[] = [
  bottle("FRM-09: Bottle responds to a GET", "/hello", { headers: [length(5), HTML], body: "hello" }),
  bottle(
    "FRM-01: Bottle responds to HEAD without a body, and closes its result itself",
    "/hello",
    { headers: [length(5), HTML], body: "" },
    HEAD,
  ),
  bottle(
    "FRM-01: Bottle responds to HEAD without a body if the route streams",
    "/stream",
    { headers: [HTML], body: "" },
    HEAD,
  ),
  bottle("FRM-01, FRM-09: Bottle sends a 204 without fields that describe a body", "/empty", {
    status: 204,
    headers: [],
    body: "",
  }),
  bottle("FRM-08, FRM-09: Bottle sends UTF-8 in a header and two cookies", "/headers", {
    headers: [["X-Name", "\xd0\xb6"], length(1), HTML, ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
  }),
  ...bodies("Bottle", bottle),
  bottle("FRM-04: Bottle reads a form with a file", "/form", { body: "Zoe a\r\n\r\nb" }, UPLOAD),
  bottle("ITER-02: Bottle streams block by block", "/stream", { headers: [HTML], chunks: ["one", "two"] }),
  bottle("ENV-20: Bottle decodes the bytes of the path", "/path/%D0%B6/a%2Fb", { body: "\xd0\xb6/a/b" }),
  bottle("EXC-01: Bottle responds with a 500 if a route fails, and logs the reason", "/fails", {
    status: 500,
    lacks: /hunter2/,
    log: [/LookupError: hunter2/],
  }),
  bottle("EXC-03: a stream of Bottle that fails is aborted", "/late", {
    body: "begun",
    broken: true,
    log: [/LookupError: hunter2/],
  }),
  bottle("FRM-02: Bottle calls start_response again with exc_info if its error handler fails", "/teapot", {
    status: 500,
    lacks: /fails, too/,
    log: [/Critical error while processing request: \/teapot/],
  }),
  {
    ...bottle("FRM-21: Bottle redirects", "/redirect", {
      status: 303,
      present: ["location"],
      body: "",
    }),
    overrides: { http2: { status: 302 } }, // Bottle uses 303 only for HTTP/1.1
  },
  bottle("SR-12: Bottle's 404 stays a 404", "/missing", { status: 404, reason: "Not Found" }),

  flask("FRM-10: Flask responds to a GET", "/hello", {
    headers: [["Content-Type", "text/html; charset=utf-8"], length(5)],
    body: "hello",
  }),
  flask(
    "CL-10: Flask sends the Content-Length for HEAD",
    "/hello",
    { headers: [["Content-Type", "text/html; charset=utf-8"], length(5)], body: "" },
    HEAD,
  ),
  ...bodies("Flask", reader),
  flask("FRM-05: Flask reads a form with a file", "/form", { body: "Zoe a\r\n\r\nb" }, UPLOAD),
  flask("FRM-15: Flask keeps the request context until the stream is closed", "/stream?a=b", {
    chunks: ["b", "/stream"],
    closed: 1,
  }),
  flask("FW-01, FRM-13: Flask sends a file", "/file", { body: "0123456789", present: ["etag"] }),
  flask(
    "FW-03: Flask sends a range of a file",
    "/file",
    { status: 206, body: "234" },
    { headers: [["Range", "bytes=2-4"]] },
  ),
  flask(
    "CL-09: Flask sends a 304 for a file that the client has",
    "/file",
    { status: 304, body: "", absent: ["content-type"] },
    { headers: [["If-None-Match", '"1"']] },
  ),
  flask("FRM-21: Flask redirects", "/redirect", { status: 302, present: ["location"] }),
  flask("URL-01: Flask builds external URLs", "/url", { body: "http://example.test:8123/hello" }),
  flask(
    "HDR-07: Flask reads and sets cookies",
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
  flask("EXC-01: Flask responds with a 500 if a route fails, and logs the reason", "/fails", {
    status: 500,
    lacks: /hunter2/,
    log: [/LookupError: hunter2/],
  }),

  django("FRM-13: Django responds to a GET", "/hello", {
    headers: [["Content-Type", "text/plain"]],
    body: "hello",
  }),
  ...bodies("Django", django),
  django("FRM-13: Django reads the scheme and the mount path from the environ", "/facts", {
    body: "False /facts True",
  }),
  django("FRM-12: Django responds with a 404 to a path that is not UTF-8", "/%FF", { status: 404 }),
  django("FRM-13, FW-02: Django sends a file through the wrapper, which closes it", "/file", {
    body: "0123456789",
    closed: 1,
  }),
  django("ITER-02: Django streams block by block", "/stream", { chunks: ["one", "two"] }),
];
