/** Apps that break the contract, one a row, each beside what a good app does instead. Knows apps; knows no gateway. */
import type { Environ, StartResponse, WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";

/** One row: the rule, what the app does, and the app. */
export interface AppCase {
  readonly rule: string;
  readonly title: string;
  readonly app: WsgiApp;
  readonly method?: string;
  readonly body?: string;
  /** Gateways that promise no end of `wsgi.input`. */
  readonly unterminated?: boolean;
}

const TYPE: [string, string] = ["Content-Type", "text/plain"];
const A = bytes("a");

/** What a test does to the contract is no business of the types. */
type Loose = (...args: unknown[]) => unknown;

const start = (...args: unknown[]): WsgiApp => {
  return (_environ, startResponse) => {
    (startResponse as Loose)(...args);
    return [];
  };
};
const headers = (...pairs: unknown[]): WsgiApp => start("200 OK", [TYPE, ...pairs]);
const returns = (result: unknown, status = "200 OK", head: [string, string][] = [TYPE]): WsgiApp => {
  return (_environ, startResponse) => {
    startResponse(status, head);
    return result as WsgiResult;
  };
};
const writes = (...args: unknown[]): WsgiApp => {
  return async (_environ, startResponse) => {
    await (startResponse("200 OK", [TYPE]) as Loose)(...args);
    return [];
  };
};
type Stream = Record<"read" | "readline" | "readlines" | "write" | "writelines" | "flush" | "close", Loose>;
const uses = (key: "wsgi.input" | "wsgi.errors", use: (stream: Stream) => unknown): WsgiApp => {
  return async (environ, startResponse) => {
    await use(environ[key] as unknown as Stream);
    return returns([])(environ, startResponse);
  };
};
const steps = (step: unknown): WsgiApp => returns({ [Symbol.iterator]: () => ({ next: () => step }) });
const generator = (run: (environ: Environ, startResponse: StartResponse) => AsyncGenerator<Uint8Array>): WsgiApp => run;

const row = (rule: string, title: string, app: WsgiApp, more: Partial<AppCase> = {}): AppCase => ({
  rule,
  title,
  app,
  ...more,
});
const CL = (value: string): [string, string] => ["Content-Length", value];

export const BAD_APPS: readonly AppCase[] = [
  row("VAL-17", "startResponse without headers", start("200 OK")),
  row("VAL-17", "startResponse with four arguments", start("200 OK", [TYPE], null, null)),
  ...["200", "200OK", "20X OK", "2000 OK", "099 No", "100 Continue", "101 Up", " 200 OK", "200\tOK"].map((status) =>
    row("VAL-18", `the status ${JSON.stringify(status)}`, start(status, [TYPE])),
  ),
  row("VAL-18", "a line break in the status", start("200 OK\r\nX: y", [TYPE])),
  row("VAL-18", "a status that is no bytes", start("200 \u0416", [TYPE])),
  row("VAL-18", "a number for a status", start(200, [TYPE])),
  row("VAL-19", "headers as an object", start("200 OK", { "Content-Type": "text/plain" })),
  row("VAL-19", "headers as a Map", start("200 OK", new Map([TYPE]))),
  row("VAL-19", "no headers", start("200 OK", undefined)),
  row("VAL-19", "a header as a string", headers("X: y")),
  row("VAL-19", "a header of three", headers(["X", "y", "z"])),
  row("VAL-19", "a header with a number", headers(["X", 1])),
  row("VAL-19", "a hole for a header", start("200 OK", [TYPE, undefined])),
  row("VAL-20", "the header Status", headers(["sTatus", "200"])),
  ...["", "X Y", "X:", "X\n", "9X", "X-", "X_", "-X", "X.Y", "\u0416"].map((name) =>
    row("VAL-21", `a header named ${JSON.stringify(name)}`, headers([name, "y"])),
  ),
  ...["a\nb", "a\r\nSet-Cookie: b", "\0", "\x1f", "\x7f", "\u0416"].map((value) =>
    row("VAL-22", `the value ${JSON.stringify(value)}`, headers(["X", value])),
  ),
  row("VAL-23", "no Content-Type", start("200 OK", [])),
  row("VAL-23", "no Content-Type with an error", start("404 Not Found", [CL("0")])),
  row("VAL-23", "a Content-Type with 204", start("204 No Content", [TYPE])),
  row("VAL-23", "a Content-Type with 304", start("304 Not Modified", [["content-type", "text/plain"]])),
  ...["text", true, 1, [new Error("a")], { message: "a" }].map((excInfo) =>
    row("VAL-24", `excInfo ${JSON.stringify(excInfo)}`, start("500 No", [TYPE], excInfo)),
  ),
  ...["body", bytes("body"), null, undefined, false, 0, {}, () => [A]].map((result) =>
    row("VAL-25", `the result ${result instanceof Uint8Array ? "bytes" : String(result)}`, returns(result)),
  ),
  row("VAL-25", "a promise of no result", returns(Promise.resolve("body"))),
  row("VAL-25", "a close that is no function", returns(Object.assign([A], { close: true }))),
  ...["a", 65, null, undefined, [A], new ArrayBuffer(1)].map((block) =>
    row("VAL-26", `the block ${block instanceof Object ? block.constructor.name : String(block)}`, returns([block])),
  ),
  row(
    "VAL-26",
    "a promise for a block of a synchronous result",
    returns({
      [Symbol.iterator]: () => [Promise.resolve(A)][Symbol.iterator](),
    }),
  ),
  row("VAL-26", "a step that is no object", steps(A[0])),
  row("VAL-26", "a promise for a step of a synchronous iterator", steps(Promise.resolve({ done: true }))),
  row("VAL-26", "a block before startResponse", () => [A]),
  row("VAL-26", "an empty block before startResponse", () => [bytes("")]),
  row("VAL-26", "no startResponse at all", () => []),
  row("VAL-26", "a block although startResponse had thrown", (_environ, startResponse) => {
    try {
      startResponse("bad", []);
    } catch {}
    return [A];
  }),
  row("VAL-26", "an end although startResponse had thrown", (_environ, startResponse) => {
    try {
      startResponse("bad", []);
    } catch {}
    return [];
  }),
  ...[["a"], [], [A, A], [undefined]].map((args) =>
    row("VAL-28", `write(${args.map((arg) => typeof arg).join(", ")})`, writes(...args)),
  ),
  ...(["read", "readline", "readlines"] as const).flatMap((method) => [
    row(
      "VAL-29",
      `${method}(1, 2)`,
      uses("wsgi.input", (input) => input[method](1, 2)),
    ),
    row(
      "VAL-29",
      `${method}("1")`,
      uses("wsgi.input", (input) => input[method]("1")),
    ),
    row(
      "VAL-29",
      `${method}(1.5)`,
      uses("wsgi.input", (input) => input[method](1.5)),
    ),
  ]),
  row(
    "VAL-30",
    "wsgi.input.close()",
    uses("wsgi.input", (input) => input.close()),
  ),
  row(
    "VAL-30",
    "wsgi.errors.close()",
    uses("wsgi.errors", (errors) => errors.close()),
  ),
  row(
    "VAL-30",
    "bytes to wsgi.errors",
    uses("wsgi.errors", (errors) => errors.write(A)),
  ),
  row(
    "VAL-30",
    "two texts to wsgi.errors",
    uses("wsgi.errors", (errors) => errors.write("a", "b")),
  ),
  row(
    "VAL-30",
    "bytes among the lines of wsgi.errors",
    uses("wsgi.errors", (errors) => errors.writelines(["a", A])),
  ),
  row(
    "VAL-30",
    "no lines to wsgi.errors",
    uses("wsgi.errors", (errors) => errors.writelines()),
  ),
  ...[
    "Connection",
    "keep-alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Trailers",
    "TRANSFER-ENCODING",
    "Upgrade",
  ].map((name) => row("VAL-32:hop-by-hop", `the hop-by-hop header ${name}`, headers([name, "x"]))),
  row("VAL-32:content-length", "Content-Length twice", headers(CL("0"), ["content-length", "0"])),
  ...["", "+1", " 1", "1_0", "1, 1", "-1", "0x1", "1e1", "9".repeat(20)].map((value) =>
    row("VAL-32:content-length", `the Content-Length ${JSON.stringify(value)}`, headers(CL(value))),
  ),
  row("VAL-32:content-length", "a Content-Length with 204", start("204 No Content", [CL("0")])),
  row("VAL-32:content-length", "a Content-Length with 205", start("205 Reset", [CL("1")])),
  row("VAL-32:bytes", "a body shorter than declared", returns([A], "200 OK", [TYPE, CL("2")])),
  row("VAL-32:bytes", "a body longer than declared", returns([A, A], "200 OK", [TYPE, CL("1")])),
  row("VAL-32:bytes", "characters counted for bytes", returns([Buffer.from("\u0416")], "200 OK", [TYPE, CL("1")])),
  row("VAL-32:bytes", "more written than declared", (_environ, startResponse) => {
    void startResponse("200 OK", [TYPE, CL("1")])(bytes("ab"));
    return [];
  }),
  row("VAL-32:bytes", "more written and yielded than declared", async (_environ, startResponse) => {
    await startResponse("200 OK", [TYPE, CL("1")])(A);
    return [A];
  }),
  ...["204 No Content", "205 Reset Content", "304 Not Modified"].map((status) =>
    row("VAL-32:no-body", `a body with ${status}`, returns([A], status, [])),
  ),
  row("VAL-32:no-body", "a body with 204 in answer to HEAD", returns([A], "204 No Content", []), { method: "HEAD" }),
  row("VAL-32:twice", "startResponse twice", (_environ, startResponse) => {
    startResponse("200 OK", [TYPE]);
    startResponse("200 OK", [TYPE]);
    return [];
  }),
  row("VAL-32:twice", "startResponse again with null for excInfo", (_environ, startResponse) => {
    startResponse("200 OK", [TYPE]);
    startResponse("200 OK", [TYPE], null);
    return [];
  }),
  row("VAL-32:twice", "startResponse again after it had thrown", (_environ, startResponse) => {
    try {
      startResponse("bad", []);
    } catch {
      startResponse("500 Bad", [TYPE]);
    }
    return [];
  }),
];

/** Both are done by `close()`, which is when the result has ended. */
const late = (use: (startResponse: Loose, write: Loose) => unknown): WsgiApp => {
  return (_environ, startResponse) => {
    const write = startResponse("200 OK", [TYPE]);
    return Object.assign([A], { close: () => void use(startResponse as Loose, write as Loose) });
  };
};

export const LATE_APPS: readonly AppCase[] = [
  row(
    "VAL-32:write",
    "write() after the last block",
    late((_startResponse, write) => write(A)),
  ),
  row(
    "VAL-32:twice",
    "startResponse after the last block",
    late((startResponse) => startResponse("200 OK", [TYPE])),
  ),
  row(
    "VAL-32:twice",
    "startResponse with excInfo after the last block",
    late((startResponse) => startResponse("500 No", [TYPE], new Error("late"))),
  ),
];

/** Each is a call that works here, and a warning of its rule. */
export const UNWISE_APPS: readonly AppCase[] = [
  row("VAL-18", "two blanks in the status", start("200  OK", [TYPE])),
  row("VAL-18", "a blank after the status", start("200 OK ", [TYPE])),
  row("VAL-22", "a tab in a value", headers(["X", "a\tb"])),
  row(
    "VAL-29",
    "read() without a size",
    uses("wsgi.input", (input) => input.read()),
    { unterminated: true, body: "a" },
  ),
  row("VAL-32:no-body", "a body in answer to HEAD", returns([A, A]), { method: "HEAD" }),
  row(
    "VAL-32:write",
    "write() within the iteration",
    generator(async function* (_environ, startResponse) {
      const write = startResponse("200 OK", [TYPE]);
      await write(A);
      await write(A);
      yield A;
    }),
  ),
  row(
    "VAL-32:input",
    "reading on at CONTENT_LENGTH",
    uses("wsgi.input", async (input) => {
      await input.read(1);
      await input.readline();
    }),
    { unterminated: true, body: "a" },
  ),
  row(
    "VAL-32:input",
    "reading where there is no body",
    uses("wsgi.input", (input) => input.read(1)),
    {
      unterminated: true,
    },
  ),
];
