/** Runs one case on one host and checks the responses and the log. Knows nothing of the single cases. */
import { expect, onTestFailed, onTestFinished } from "vitest";
import type { HeaderPair, Logger, WsgiApp } from "../../src/index.ts";
import type { Host } from "../support/hosts.ts";
import { askHttp1, askHttp2 } from "./client.ts";
import type { Answer } from "./parser.ts";
import type { Case, Expectation } from "./types.ts";

export interface Variant {
  readonly name: string;
  readonly language: "javascript" | "python";
  /** Whether the app runs under validators. Apps that break a rule on purpose do not. */
  readonly validated: boolean;
  /** Returns the app of the case in this variant. */
  build(testCase: Case): WsgiApp;
}

export async function runCase(host: Host, variant: Variant, testCase: Case): Promise<void> {
  const { request = {} } = testCase;
  const expected = expectationOf(testCase, host, variant);
  const log = new CaseLog();
  const server = await host.serve(variant.build(testCase), { logger: log }, log.reported);
  onTestFinished(() => server.close());
  onTestFailed(() => console.error(`the log:\n${log.lines.join("\n")}`));
  const all = await (host.kind === "http2" ? askHttp2 : askHttp1)(server.port, request);
  const answers = all.filter(({ status }) => status !== 0);
  const around = { host, variant, port: server.port };
  if (expected.broken) {
    expectBroken(answers, expected, around);
  } else {
    expect(answers, "answers").toHaveLength(expected.status === 0 ? 0 : (request.times ?? 1));
    for (const answer of answers) expectAnswer(answer, expected, around);
  }
  await log.has(expected);
  await server.close();
  expect(log.closed, "calls of close()").toBe(expected.closed ?? 0);
  if (expected.log === undefined) expect(log.lines, "the log").toEqual([]);
}

function expectationOf({ expect: common, overrides = {} }: Case, host: Host, variant: Variant): Expectation {
  return {
    ...common,
    ...overrides[host.kind],
    ...(variant.language === "python" && overrides.python),
    ...(variant.validated && overrides.validated),
  };
}

interface Circumstances {
  readonly host: Host;
  readonly variant: Variant;
  readonly port: number;
}

function expectAnswer(answer: Answer, expected: Expectation, around: Circumstances): void {
  const { host, port } = around;
  expect(answer.status, "status").toBe(expected.status ?? 200);
  if (expected.reason !== undefined && host.kind !== "http2") expect(answer.reason).toBe(expected.reason);
  expectHeaders(answer, expected, around);
  if (expected.body !== undefined) expect(answer.body).toBe(expected.body.replaceAll("{port}", String(port)));
  if (expected.chunks !== undefined) {
    if (host.kind !== "http2") expect(answer.chunks).toEqual(expected.chunks);
    expect(answer.body).toBe(expected.chunks.join(""));
  }
  if (expected.lacks !== undefined) expect(JSON.stringify(answer)).not.toMatch(expected.lacks);
  expect(answer.broken, "broken").toBe(false);
  expect(answer.interim).toEqual(expected.interim ?? []);
}

function expectBroken([answer, ...others]: readonly Answer[], expected: Expectation, around: Circumstances): void {
  expect(others, "answers after a broken one").toEqual([]);
  if (answer === undefined) return;
  if (expected.lacks !== undefined) expect(JSON.stringify(answer)).not.toMatch(expected.lacks);
  if (answer.status === 500 && around.host.kind === "koa") return;
  expect(answer.status, "status").toBe(expected.status ?? 200);
  expect(answer.broken, "broken").toBe(true);
  expectHeaders(answer, expected, around);
  if (expected.body !== undefined) expect(answer.body).toBe(expected.body.slice(0, answer.body.length));
}

const SERVERS: readonly string[] = ["date", "connection", "keep-alive", "transfer-encoding", "x-powered-by"];

function expectHeaders({ headers }: Answer, expected: Expectation, { host, variant }: Circumstances): void {
  const names = headers.map(([name]) => name.toLowerCase());
  for (const name of expected.present ?? []) {
    expect(
      names.filter((one) => one === name),
      name,
    ).toHaveLength(1);
  }
  for (const name of expected.absent ?? []) expect(names).not.toContain(name);
  if (expected.headers === undefined) return;
  const wanted: HeaderPair[] = [...expected.headers];
  if (expected.autoLength !== undefined && !variant.validated) {
    wanted.push(["Content-Length", String(expected.autoLength)]);
  }
  const own = new Set(wanted.map(([name]) => name.toLowerCase()));
  const seen = headers.filter(([name]) => own.has(name.toLowerCase()) || !SERVERS.includes(name.toLowerCase()));
  expect(arranged(seen, host)).toEqual(arranged(wanted, host));
}

/** Sorts the fields on Koa, which sets some of them before the app; writes them in lower case on HTTP/2. */
function arranged(headers: readonly HeaderPair[], { kind }: Host): HeaderPair[] {
  if (kind === "http2") return headers.map(([name, value]) => [name.toLowerCase(), value]);
  if (kind === "koa") return headers.toSorted(([a], [b]) => a.toLowerCase().localeCompare(b.toLowerCase(), "en"));
  return [...headers];
}

/** Collects the log lines of one case, and the errors that the framework received. */
class CaseLog implements Logger {
  readonly lines: string[] = [];
  closed = 0;
  #check: () => void = () => undefined;

  info = (message: string): void => this.#record(message);
  warn = (message: string): void => this.#record(message);
  error = (message: string): void => this.#record(message);
  reported = (error: unknown): void => this.#record(error instanceof Error ? `${error.stack}` : `reported: ${error}`);

  /** Resolves when the log has all expected lines. Some of them come after the response. */
  has({ log = [], closed = 0 }: Expectation): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        const text = this.lines.join("\n");
        if (this.closed >= closed && log.every((pattern) => pattern.test(text))) resolve();
      };
      this.#check();
    });
  }

  #record(tagged: string): void {
    const message = tagged.replace(/^\[\d+\] /, ""); // the id of the request, which differs each time
    if (message === "closed") this.closed += 1;
    else this.lines.push(message);
    this.#check();
  }
}
