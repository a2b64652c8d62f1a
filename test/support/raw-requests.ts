/** The raw requests of `test/conformance/requests`, and an app that remembers what reached it. Knows files; knows no host. */
import { readdirSync, readFileSync } from "node:fs";
import type { Environ, FromWsgiOptions, WsgiApp } from "../../src/index.ts";
import { bytes } from "./bytes.ts";

const FOLDER = new URL("../conformance/requests/", import.meta.url);

/** A request that an app gets. Text is latin-1: one character a byte. */
export interface ValidTwin {
  /** The catalogue's numbers, and what holds. */
  readonly title: string;
  /** Keys that the environ has, with these values. */
  readonly environ: Readonly<Record<string, string | boolean>>;
  /** What is another value where a framework's guards have read the request first (CONFORMANCE ISO-13). */
  readonly onFrameworks?: Readonly<Record<string, string>>;
  /** Keys that the environ has not. */
  readonly absent?: readonly string[];
  /** What the app reads. */
  readonly body?: string;
  /** The connection ends with the answer. */
  readonly closes?: boolean;
}

/** A request that is refused, and its connection closed. */
export interface InvalidTwin {
  readonly title: string;
  /** The status line without its version: one of these. None where the connection is closed without an answer. */
  readonly status: readonly string[];
  /** The paths of calls of the app, if any: where the fault is in a body, the app is called before it comes. */
  readonly calls?: readonly string[];
  readonly options?: FromWsgiOptions;
}

/** A request as bytes, and the file beside it that says what becomes of it. */
export type RawRequest<Twin> = Twin & { readonly name: string; readonly request: string };

export const VALID: readonly RawRequest<ValidTwin>[] = load<ValidTwin>("valid");
export const INVALID: readonly RawRequest<InvalidTwin>[] = load<InvalidTwin>("invalid");

/** Follows a request on its connection: whoever mistakes a request's end loses it, or sees it where it must not be seen. */
export const CANARY = "GET /canary HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n";

function load<Twin>(kind: string): RawRequest<Twin>[] {
  const folder = new URL(`${kind}/`, FOLDER);
  const files = new Set(readdirSync(folder));
  const names = [...files].filter((file) => file.endsWith(".http")).map((file) => file.slice(0, -".http".length));
  if (files.size !== names.length * 2)
    throw new Error(`test/conformance/requests/${kind}: each .http file needs its .json twin`);
  return names.map((name) => ({
    ...(JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Twin),
    name,
    request: readFileSync(new URL(`${name}.http`, folder), "latin1"),
  }));
}

/** What reached the app: the environ as it was given, and its body, or `undefined` for one that broke off. */
export interface Call {
  readonly environ: Readonly<Record<string, unknown>>;
  readonly body: Promise<string | undefined>;
}

/** An app that reads each body to its end, answers with its length, and remembers all of it. */
export class Recorder {
  readonly calls: Call[] = [];

  readonly app: WsgiApp = async (environ, startResponse) => {
    const body = environ["wsgi.input"].read().then((all) => Buffer.from(all).toString("latin1"));
    this.calls.push({ environ: Object.assign(Object.create(null), environ), body: body.catch(() => undefined) });
    const text = String((await body).length);
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    return [bytes(text)];
  };

  /** The paths of the calls, in order. */
  get paths(): unknown[] {
    return this.calls.map(({ environ }) => environ.PATH_INFO);
  }
}

/** What every environ must be, whatever the request was: the sentences that this one breaks. */
export function faultsOf(environ: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const [key, value] of Object.entries(environ)) {
    if (key.includes(".")) continue;
    if (!/^[A-Z0-9_]+$/.test(key)) faults.push(`ENV-16: the key ${JSON.stringify(key)}`);
    if (typeof value !== "string" || /[^\x00-\xff]/.test(value))
      faults.push(`ENV-19, ENV-20: ${key} is no byte string`);
  }
  const { SCRIPT_NAME, PATH_INFO, CONTENT_LENGTH, SERVER_NAME, SERVER_PORT } = environ as Environ;
  if (!/^(\/.*[^/])?$/s.test(SCRIPT_NAME)) faults.push(`ENV-06: SCRIPT_NAME ${JSON.stringify(SCRIPT_NAME)}`);
  if (!/^(\/|$)/.test(PATH_INFO)) faults.push(`ENV-07: PATH_INFO ${JSON.stringify(PATH_INFO)}`);
  if (!/^\d+$/.test(CONTENT_LENGTH ?? "0")) faults.push(`ENV-12: CONTENT_LENGTH ${JSON.stringify(CONTENT_LENGTH)}`);
  if (SERVER_NAME === "" || !/^\d+$/.test(SERVER_PORT)) faults.push("ENV-14: SERVER_NAME or SERVER_PORT");
  for (const key of ["HTTP_PROXY", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"]) {
    if (key in environ) faults.push(`SEC-01, ENV-11, ENV-32: ${key} is there`);
  }
  return faults;
}
