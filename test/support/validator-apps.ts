/** Apps that each break one rule of PEP 3333. Knows apps; knows nothing of gateways. */
import type { Environ, StartResponse, WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";

/** The rule, the title of what the app does wrong, and the app. */
export interface AppCase {
  readonly rule: string;
  readonly title: string;
  readonly app: WsgiApp;
  readonly method?: string;
  readonly body?: string;
  /** The gateway does not set `wsgi.input_terminated`. */
  readonly unterminated?: boolean;
}

export const TYPE: [string, string] = ["Content-Type", "text/plain"];
const A = bytes("a");

/** An untyped function, because the apps pass arguments that the types forbid. */
type Loose = (...args: unknown[]) => unknown;

export const start = (...args: unknown[]): WsgiApp => {
  return (_environ, startResponse) => {
    (startResponse as Loose)(...args);
    return [];
  };
};
export const headers = (...pairs: unknown[]): WsgiApp => start("200 OK", [TYPE, ...pairs]);
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

export const row = (rule: string, title: string, app: WsgiApp, more: Partial<AppCase> = {}): AppCase => ({
  rule,
  title,
  app,
  ...more,
});
export const CL = (value: string): [string, string] => ["Content-Length", value];

export const BAD_APPS: readonly AppCase[] = [
  ...["body", bytes("body"), null, undefined, false, 0, {}, () => [A]].map((result) =>
    row("VAL-25", `the result ${result instanceof Uint8Array ? "bytes" : String(result)}`, returns(result)),
  ),
  row("VAL-25", "a promise of something that is not a result", returns(Promise.resolve("body"))),
  row("VAL-25", "a close that is not a function", returns(Object.assign([A], { close: true }))),
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
  row("VAL-26", "a step that is not an object", steps(A[0])),
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
  row("VAL-32:no-body", "a body with 204 in response to HEAD", returns([A], "204 No Content", []), { method: "HEAD" }),
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

/** Returns an app whose `close()`, which is called after the last block, uses these functions. */
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

/** Apps that work here, but get a warning of the rule. */
export const UNWISE_APPS: readonly AppCase[] = [
  row("VAL-18", "two spaces in the status", start("200  OK", [TYPE])),
  row("VAL-18", "a space after the status", start("200 OK ", [TYPE])),
  row("VAL-22", "a tab in a value", headers(["X", "a\tb"])),
  row(
    "VAL-29",
    "read() without a size",
    uses("wsgi.input", (input) => input.read()),
    { unterminated: true, body: "a" },
  ),
  row("VAL-32:no-body", "a body in response to HEAD", returns([A, A]), { method: "HEAD" }),
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
    "reading beyond CONTENT_LENGTH",
    uses("wsgi.input", async (input) => {
      await input.read(1);
      await input.readline();
    }),
    { unterminated: true, body: "a" },
  ),
  row(
    "VAL-32:input",
    "reading without a body",
    uses("wsgi.input", (input) => input.read(1)),
    {
      unterminated: true,
    },
  ),
];
