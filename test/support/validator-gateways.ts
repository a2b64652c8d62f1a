/** Gateways that each break one rule of PEP 3333. The app that they call is correct. */
import type { Environ, InputStream, StartResponse, WsgiApp } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";
import { iterate, makeEnviron, Response, serve } from "./gateway.ts";

/** The rule, the title of what the gateway does wrong, and a request that it serves. */
export interface GatewayCase {
  readonly rule: string;
  readonly title: string;
  /** Rejects with what the app threw. */
  readonly serve: (app: WsgiApp) => Promise<unknown>;
}

const row = (rule: string, title: string, run: GatewayCase["serve"]): GatewayCase => ({ rule, title, serve: run });

/** Returns an environ with these values. `undefined` removes a key. */
function environ(changes: Readonly<Record<string, unknown>>, body = ""): Environ {
  const made = Object.assign(makeEnviron("GET", body), changes);
  for (const [key, value] of Object.entries(changes)) if (value === undefined) delete made[key];
  return made;
}
const gives = (rule: string, title: string, changes: Readonly<Record<string, unknown>>): GatewayCase =>
  row(rule, title, (app) => serve(app, environ(changes)));
const calls = (rule: string, title: string, ...args: unknown[]): GatewayCase =>
  row(rule, title, async (app) => (app as (...args: unknown[]) => unknown)(...args));
const without = (stream: "wsgi.input" | "wsgi.errors", method: string | symbol): Record<string, unknown> => ({
  [stream]: new Proxy(makeEnviron()[stream], {
    get: (all, key) => (key === method ? undefined : Reflect.get(all, key)),
  }),
});
const starts = (rule: string, title: string, startResponse: unknown): GatewayCase =>
  row(rule, title, (app) => Promise.resolve(app(makeEnviron(), startResponse as StartResponse)));

const ignore: StartResponse = () => () => Promise.resolve();

export const BAD_GATEWAYS: readonly GatewayCase[] = [
  calls("VAL-01", "one argument", makeEnviron()),
  calls("VAL-01", "three arguments", makeEnviron(), ignore, {}),
  calls("VAL-01", "no function for startResponse", makeEnviron(), {}),
  ...[undefined, null, "environ", new Map(), [], new (class Request {})(), Object.create({ a: 1 })].map((value) =>
    calls("VAL-02", `an environ that is ${Object.prototype.toString.call(value)}`, value, ignore),
  ),
  calls("VAL-02", "a frozen environ", Object.freeze(makeEnviron()), ignore),
  ...[
    "REQUEST_METHOD",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
  ].map((key) => gives("VAL-03", `no ${key}`, { [key]: undefined })),
  gives("VAL-04", "HTTP_CONTENT_TYPE", { HTTP_CONTENT_TYPE: "text/plain" }),
  gives("VAL-04", "HTTP_CONTENT_LENGTH", { HTTP_CONTENT_LENGTH: "1" }),
  gives("VAL-06", "a number for a port", { REMOTE_PORT: 80 }),
  gives("VAL-06", "null for a user", { REMOTE_USER: null }),
  row("VAL-06", "undefined for a user", (app) => serve(app, Object.assign(makeEnviron(), { REMOTE_USER: undefined }))),
  gives("VAL-06", "text that is not bytes", { PATH_INFO: "/\u0416" }),
  ...["\0", "\n", "\r", "\x1f", "\x7f"].map((char) =>
    gives("VAL-06", `${JSON.stringify(char)} in a header`, { HTTP_X: `a${char}b` }),
  ),
  ...["1.0", [1], [1, 1], [1, 0, 0], { 0: 1, 1: 0, length: 2 }].map((version) =>
    gives("VAL-07", `wsgi.version ${JSON.stringify(version)}`, { "wsgi.version": version }),
  ),
  ...["ftp", "HTTP", "", true].map((scheme) => gives("VAL-08", `the scheme ${scheme}`, { "wsgi.url_scheme": scheme })),
  ...["read", "readline", "readlines", Symbol.asyncIterator].map((method) =>
    gives("VAL-09", `wsgi.input without ${String(method)}`, without("wsgi.input", method)),
  ),
  gives("VAL-09", "null for wsgi.input", { "wsgi.input": null }),
  ...["write", "writelines", "flush"].map((method) =>
    gives("VAL-10", `wsgi.errors without ${method}`, without("wsgi.errors", method)),
  ),
  gives("VAL-12", "a SCRIPT_NAME without its slash", { SCRIPT_NAME: "m" }),
  gives("VAL-13", "a PATH_INFO without its slash", { PATH_INFO: "a" }),
  ...["-1", "+1", " 1", "1_0", "1.0", "one"].map((length) =>
    gives("VAL-14", `CONTENT_LENGTH ${JSON.stringify(length)}`, { CONTENT_LENGTH: length }),
  ),
  gives("VAL-15", "no path", { SCRIPT_NAME: "", PATH_INFO: undefined }),
  gives("VAL-15", "no path and no script", { SCRIPT_NAME: undefined, PATH_INFO: undefined }),
  gives("VAL-16", "a SCRIPT_NAME that is a slash", { SCRIPT_NAME: "/" }),
  starts("VAL-17", "startResponse that returns nothing", () => undefined),
  starts("VAL-28", "write() that returns nothing", () => () => undefined),
  gives("VAL-32:method", "an empty method", { REQUEST_METHOD: "" }),
  gives("VAL-32:method", "a method with a space", { REQUEST_METHOD: "GET /" }),
  gives("VAL-32:server", "an empty SERVER_NAME", { SERVER_NAME: "" }),
  gives("VAL-32:server", "an empty SERVER_PORT", { SERVER_PORT: "" }),
  gives("VAL-32:server", "a SERVER_PORT that is not a number", { SERVER_PORT: "http" }),
  gives("VAL-32:server", "an unknown SERVER_PROTOCOL", { SERVER_PROTOCOL: "SPDY/3" }),
  row("VAL-26", "a block asked for after close()", async (app) => {
    const result = await app(makeEnviron(), new Response().startResponse);
    const blocks = iterate(result);
    await result.close?.();
    await blocks.next();
  }),
  row("VAL-26", "a result iterated over twice", async (app) => {
    const result = await app(makeEnviron(), new Response().startResponse);
    for await (const _block of result);
    for await (const _block of result);
  }),
  row("VAL-26", "a result iterated over after close()", async (app) => {
    const result = await app(makeEnviron(), new Response().startResponse);
    await result.close?.();
    for await (const _block of result);
  }),
  row("VAL-32:close", "close() twice", async (app) => {
    const result = await app(makeEnviron(), new Response().startResponse);
    await result.close?.();
    await result.close?.();
  }),
];

/** Gateways that work, but get a warning of the rule. */
export const UNWISE_GATEWAYS: readonly GatewayCase[] = [
  gives("VAL-05", "no QUERY_STRING", { QUERY_STRING: undefined }),
  gives("VAL-11", "an unknown method", { REQUEST_METHOD: "PROPFIND" }),
  gives("VAL-11", "a method in lower case", { REQUEST_METHOD: "get" }),
  gives("VAL-16", "a SCRIPT_NAME that ends with a slash", { SCRIPT_NAME: "/m/" }),
];

/** A `wsgi.input` that returns these answers in turn, whichever method is called, and what the app calls. */
export interface InputCase {
  readonly rule: string;
  readonly title: string;
  readonly length?: string;
  readonly answers: readonly unknown[];
  readonly use: (input: InputStream) => Promise<unknown>;
}

const A = bytes("a");
const input = (rule: string, title: string, answers: unknown[], use: InputCase["use"], length?: string): InputCase =>
  length === undefined ? { rule, title, answers, use } : { rule, title, answers, use, length };
const toEnd = async (stream: InputStream): Promise<void> => {
  while ((await stream.read(2)).length > 0);
};
const lines = async (stream: InputStream): Promise<void> => {
  for await (const _line of stream);
};
const later = (value: unknown): Promise<unknown> => Promise.resolve(value);

export const BAD_INPUTS: readonly InputCase[] = [
  input("VAL-29", "text from read()", [later("a")], (stream) => stream.read(1)),
  input("VAL-29", "bytes from read() without a promise", [A], (stream) => stream.read(1)),
  input("VAL-29", "more bytes than asked for", [later(bytes("ab"))], (stream) => stream.read(1)),
  input("VAL-29", "bytes for read(0)", [later(A)], (stream) => stream.read(0)),
  input("VAL-29", "text from readline()", [later("a\n")], (stream) => stream.readline()),
  input("VAL-29", "two lines from readline()", [later(bytes("a\nb\n"))], (stream) => stream.readline()),
  input("VAL-29", "a longer line than asked for", [later(bytes("ab\n"))], (stream) => stream.readline(2)),
  input("VAL-29", "bytes from readlines()", [later(A)], (stream) => stream.readlines()),
  input("VAL-29", "text among the lines of readlines()", [later([bytes("a\n"), "b"])], (stream) => stream.readlines()),
  input("VAL-29", "two lines in one of readlines()", [later([bytes("a\nb\n")])], (stream) => stream.readlines()),
  input("VAL-29", "text from the iteration", [later("a\n")], lines),
  input("VAL-29", "two lines at once from the iteration", [later(bytes("a\nb"))], lines),
  input("VAL-32:input", "more than CONTENT_LENGTH", [later(A), later(A)], toEnd, "1"),
  input("VAL-32:input", "an end before CONTENT_LENGTH", [later(A), later(bytes(""))], toEnd, "2"),
  input("VAL-32:input", "too little from read()", [later(A)], (stream) => stream.read(), "2"),
  input("VAL-32:input", "too little from readlines()", [later([bytes("a\n")])], (stream) => stream.readlines(), "3"),
  input("VAL-32:input", "too little from the iteration", [later(bytes("a\n"))], lines, "3"),
  input("VAL-32:input", "a short last line", [later(A)], (stream) => stream.readline(), "2"),
  input("VAL-32:input", "bytes after the end", [later(bytes("")), later(A)], async (stream) => {
    await stream.read(1);
    await stream.read(1);
  }),
  input("VAL-32:input", "a line cut short", [later(A), later(bytes("b\n"))], async (stream) => {
    await stream.readline(9);
    await stream.readline(9);
  }),
  input("VAL-32:input", "a line without its end among others", [later([A, bytes("b\n")])], (stream) =>
    stream.readlines(9),
  ),
];

/** Returns a `wsgi.input` that returns these answers. */
export function fakeInput(answers: readonly unknown[]): InputStream {
  const rest = [...answers];
  const answer = (): Promise<never> => rest.shift() as Promise<never>;
  return {
    read: answer,
    readline: answer,
    readlines: answer,
    async *[Symbol.asyncIterator]() {
      while (rest.length > 0) yield await answer();
    },
  };
}
