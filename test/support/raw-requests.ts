/** Loads the raw requests in `test/conformance/requests`, and records what reaches the app. Knows nothing of hosts. */
import { readdirSync, readFileSync } from "node:fs";
import type { Environ, FromWsgiOptions, WsgiApp } from "../../src/index.ts";
import { bytes } from "./bytes.ts";

const FOLDER = new URL("../conformance/requests/", import.meta.url);

/** The expectation for a request that reaches the app. Text is Latin-1: one character per byte. */
export interface ValidTwin {
  /** The rule numbers and the rule. */
  readonly title: string;
  /** Keys that the environ must have, with these values. */
  readonly environ: Readonly<Record<string, string | boolean>>;
  /** Values that differ on frameworks, where middleware has read the request before the app (ISO-13). */
  readonly onFrameworks?: Readonly<Record<string, string>>;
  /** Keys that the environ must not have. */
  readonly absent?: readonly string[];
  /** The body that the app reads. */
  readonly body?: string;
  /** Whether the server closes the connection after the response. */
  readonly closes?: boolean;
}

/** The expectation for a request that the server refuses. The server also closes the connection. */
export interface InvalidTwin {
  readonly title: string;
  /** The allowed status lines, without the version. Empty if the server closes the connection without a response. */
  readonly status: readonly string[];
  /** The paths with which the app is called. The app is called before a fault in the body arrives. */
  readonly calls?: readonly string[];
  readonly options?: FromWsgiOptions;
}

/** The bytes of a request and the expectation in the JSON file beside it. */
export type RawRequest<Twin> = Twin & { readonly name: string; readonly request: string };

export const VALID: readonly RawRequest<ValidTwin>[] = load<ValidTwin>("valid");
export const INVALID: readonly RawRequest<InvalidTwin>[] = load<InvalidTwin>("invalid");

/** Sent after a request on the same connection. Shows whether the server found the end of the request. */
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

/** One call of the app: a copy of its environ, and its body, or `undefined` if the body ended too early. */
export interface Call {
  readonly environ: Readonly<Record<string, unknown>>;
  readonly body: Promise<string | undefined>;
}

/** An app that reads each body to its end, responds with its length, and records the call. */
export class Recorder {
  readonly calls: Call[] = [];

  readonly app: WsgiApp = async (environ, startResponse) => {
    const body = environ["wsgi.input"].read().then((all) => Buffer.from(all).toString("latin1"));
    this.calls.push({ environ: Object.assign(Object.create(null), environ), body: body.catch(() => undefined) });
    const text = String((await body).length);
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    return [bytes(text)];
  };

  /** The paths of all calls, in order. */
  get paths(): unknown[] {
    return this.calls.map(({ environ }) => environ.PATH_INFO);
  }
}

/** Checks the rules that hold for every environ. Returns those that this one breaks. */
export function faultsOf(environ: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const [key, value] of Object.entries(environ)) {
    if (key.includes(".")) continue;
    if (!/^[A-Z0-9_]+$/.test(key)) faults.push(`ENV-16: the key ${JSON.stringify(key)}`);
    if (typeof value !== "string" || /[^\x00-\xff]/.test(value))
      faults.push(`ENV-19, ENV-20: ${key} is not a byte string`);
  }
  const { SCRIPT_NAME, PATH_INFO, CONTENT_LENGTH, SERVER_NAME, SERVER_PORT } = environ as Environ;
  if (!/^(\/.*[^/])?$/s.test(SCRIPT_NAME)) faults.push(`ENV-06: SCRIPT_NAME ${JSON.stringify(SCRIPT_NAME)}`);
  if (!/^(\/|$)/.test(PATH_INFO)) faults.push(`ENV-07: PATH_INFO ${JSON.stringify(PATH_INFO)}`);
  if (!/^\d+$/.test(CONTENT_LENGTH ?? "0")) faults.push(`ENV-12: CONTENT_LENGTH ${JSON.stringify(CONTENT_LENGTH)}`);
  if (SERVER_NAME === "" || !/^\d+$/.test(SERVER_PORT)) faults.push("ENV-14: SERVER_NAME or SERVER_PORT");
  for (const key of ["HTTP_PROXY", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"]) {
    if (key in environ) faults.push(`SEC-01, ENV-11, ENV-32: ${key} is set`);
  }
  return faults;
}
