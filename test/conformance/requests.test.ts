import { afterEach, describe, expect, it } from "vitest";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { CANARY, faultsOf, INVALID, type RawRequest, Recorder, VALID } from "../support/raw-requests.ts";
import { raw, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

it("finds at least 45 valid and 45 invalid requests", () => {
  expect(VALID.length).toBeGreaterThanOrEqual(45);
  expect(INVALID.length).toBeGreaterThanOrEqual(45);
});

/** The recorder responds with digits only, so no body looks like a head. */
const HEAD = /HTTP\/1\.1 \d{3}/g;

function named<Twin extends { title: string }>(requests: readonly RawRequest<Twin>[]): [string, RawRequest<Twin>][] {
  return requests.map((request) => [`${request.title} (${request.name}.http)`, request]);
}

describe.each(HOSTS)("a request on $name", (host) => {
  it.each(named(VALID))("reaches the app: %s", async (_name, twin) => {
    const { request, environ, onFrameworks, absent = [], body = "", closes = false } = twin;
    const recorder = new Recorder();
    server = await host.serve(recorder.app, { logger: new MemoryLogger() });
    const { text } = await raw(server.port, closes ? request : request + CANARY); // resolves when the connection is closed
    const [call] = recorder.calls;
    expect(call?.environ).toMatchObject(host.framework ? { ...environ, ...onFrameworks } : environ);
    expect(absent.filter((key) => key in (call?.environ ?? {}))).toEqual([]);
    expect(await call?.body).toBe(body);
    expect(faultsOf(call?.environ ?? {})).toEqual([]);
    expect(recorder.paths.slice(1)).toEqual(closes ? [] : ["/canary"]);
    const expected = recorder.calls.map(() => "HTTP/1.1 200");
    expect(text.match(HEAD)).toEqual("HTTP_EXPECT" in environ ? ["HTTP/1.1 100", ...expected] : expected);
  });

  it.each(named(INVALID))("is refused: %s", async (_name, { request, status, calls = [], options }) => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, { logger: new MemoryLogger(), ...options });
    const { text, head } = await raw(server.port, request + CANARY); // resolves when the connection is closed
    const answered = status.length > 0;
    expect(answered ? status : [""]).toContain(head.split("\r\n", 1)[0]?.replace("HTTP/1.1 ", ""));
    expect(/\r\nConnection: close(\r\n|$)/i.test(head)).toBe(answered);
    expect(text.match(HEAD) ?? []).toHaveLength(answered ? 1 : 0);
    expect(recorder.paths).toEqual(calls);
    const bodies = await Promise.all(recorder.calls.map((call) => call.body));
    expect(bodies).toEqual(calls.map((path) => (path === "/canary" ? "" : undefined)));
  });
});
