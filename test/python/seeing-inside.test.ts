/** What a program can observe of a running Python app: `stats()`, diagnostics channels, errors as data, and the log. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import express from "express";
import { expect, it, onTestFinished, vi } from "vitest";
import { fromWsgi, PythonError } from "../../src/index.ts";
import type {
  ProcessExitMessage,
  ProcessStartMessage,
  RequestEndMessage,
  RequestStartMessage,
} from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython, startPython } from "../support/python.ts";
import { listen, rawGet } from "../support/server.ts";

const textOf = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();

it("stats() describes each process, its state, and the queue", async () => {
  const { app, url, logger } = await hostPython("probe:application", { processes: 2, threads: 1 });
  const fresh = app.stats();
  expect(fresh.processes).toHaveLength(2);
  for (const each of fresh.processes)
    expect(each).toMatchObject({ state: "ready", requests: 0, inFlight: 0, restarts: 0 });
  expect(fresh.queue).toMatchObject({ length: 0, waits: { count: 0, p50: 0, max: 0 } });

  const waiting = [textOf(`${url}/wait?0.5`), textOf(`${url}/wait?0.5`)];
  await vi.waitUntil(() => logger.lines.filter((line) => line === "waiting").length === 2);
  const queued = textOf(`${url}/hello`);
  await vi.waitUntil(() => app.stats().queue.length === 1);
  expect(app.stats().processes.map(({ inFlight }) => inFlight)).toEqual([1, 1]);
  expect(await Promise.all([...waiting, queued])).toEqual(["hello", "hello", "hello"]);
  await vi.waitUntil(() => app.stats().processes.every(({ inFlight }) => inFlight === 0));
  const { queue } = app.stats();
  expect(queue.length).toBe(0);
  expect(queue.waits.count).toBe(3);
  expect(queue.waits.max).toBeGreaterThan(queue.waits.p50);
});

it("stats() counts requests, their durations, and restarts", async () => {
  const { app, url } = await hostPython("probe:application", { processes: 1 });
  for (let n = 0; n < 3; n += 1) await textOf(`${url}/hello`);
  const { processes, queue, latency } = app.stats();
  expect(processes).toHaveLength(1);
  expect(processes[0]).toMatchObject({ requests: 3, inFlight: 0, restarts: 0 });
  expect(processes[0]?.age).toBeGreaterThan(0);
  if (process.platform === "linux") expect(processes[0]?.memory).toBeGreaterThan(1024 * 1024);
  expect(queue.waits.count).toBe(3);
  expect(latency.count).toBe(3);
  expect(latency.p50).toBeGreaterThan(0);
  expect(latency.p99).toBeGreaterThanOrEqual(latency.p50);
  expect(latency.max).toBeGreaterThanOrEqual(latency.p99);
  process.kill(processes[0]?.pid as number, "SIGKILL");
  await vi.waitUntil(() => app.stats().processes.some(({ state, restarts }) => state === "ready" && restarts === 1));
});

/** Collects the messages of a channel until the test ends. */
function heard<Message>(name: string, target: string): Message[] {
  const messages: Message[] = [];
  const listener = (message: unknown): void => {
    if ((message as { target: string }).target === target) messages.push(message as Message);
  };
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return messages;
}

it("channels report the start and the exit of each process", async () => {
  const target = "probe:application";
  const starts = heard<ProcessStartMessage>("wsgi-bridge:process:start", target);
  const exits = heard<ProcessExitMessage>("wsgi-bridge:process:exit", target);
  const app = startPython(target, { processes: 2 });
  await app.ready();
  const pids = app.stats().processes.map(({ pid }) => pid);
  expect(starts).toEqual(pids.map((pid) => ({ target, pid })));
  await app.close();
  expect(exits.toSorted((a, b) => (a.pid ?? 0) - (b.pid ?? 0))).toEqual(
    pids.toSorted((a, b) => (a ?? 0) - (b ?? 0)).map((pid) => ({ target, pid, how: "with code 0" })),
  );
});

it("channels report the start and the end of each request, and a retry as another request", async () => {
  const target = "probe:application";
  const starts = heard<RequestStartMessage>("wsgi-bridge:request:start", target);
  const ends = heard<RequestEndMessage>("wsgi-bridge:request:end", target);
  const { url, app } = await hostPython(target);
  const [pid] = app.stats().processes.map((each) => each.pid);
  await textOf(`${url}/hello`, { headers: { traceparent: "00-ab-cd-01" } });
  await vi.waitUntil(() => ends.length === 1);
  expect(starts).toEqual([{ target, pid, environ: expect.objectContaining({ PATH_INFO: "/hello" }) }]);
  expect(ends[0]).toMatchObject({ target, pid, status: "200 OK", error: undefined });
  expect(ends[0]?.environ).toBe(starts[0]?.environ);
  expect(ends[0]?.environ.HTTP_TRACEPARENT).toBe("00-ab-cd-01");
  expect(ends[0]?.duration).toBeGreaterThan(0);

  await textOf(`${url}/raise`);
  expect(ends[1]).toMatchObject({ error: expect.any(PythonError) });
  await textOf(`${url}/kill`);
  expect(starts.slice(2).map(({ environ }) => environ.PATH_INFO)).toEqual(["/kill", "/kill"]);
  expect(ends.slice(2).map(({ error }) => (error as { code?: string }).code)).toEqual([
    "ERR_WSGI_WORKER_EXIT",
    "ERR_WSGI_WORKER_EXIT",
  ]);
});

it("traceparent reaches Python like any other header", async () => {
  const { url } = await hostPython("mirror:application");
  const said = JSON.parse(await textOf(url, { headers: { traceparent: "00-ab-cd-01", tracestate: "a=b" } }));
  expect(said).toMatchObject({ HTTP_TRACEPARENT: "00-ab-cd-01", HTTP_TRACESTATE: "a=b" });
});

it("a PythonError has type, message, traceback and frames as data, and reveals none of it in its text", async () => {
  const app = startPython("probe:application");
  const host = express().use(fromWsgi(app, { logger: app.logger }));
  const failed = new Promise<PythonError>((resolve) => {
    host.use(((error: PythonError, _req: unknown, res: ServerResponse, _next: unknown) => {
      resolve(error);
      res.end();
    }) as express.ErrorRequestHandler);
  });
  const server = await listen(host as never);
  onTestFinished(() => server.close());
  await rawGet(server.port, "/raise");
  const error = await failed;
  expect(error).toBeInstanceOf(PythonError);
  expect(error).toMatchObject({ type: "LookupError", exceptionMessage: "sp\u00e4t \x1b[31m", status: 500 });
  expect(error.traceback).toMatch(/^Traceback \(most recent call last\):\n {2}File ".*probe\.py"/);
  expect(error.frames.at(-1)).toMatchObject({ name: "do_raise", file: expect.stringContaining("probe.py") });
  expect(error.frames.at(-1)?.line).toBeGreaterThan(1);
  expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toMatch(/sp\u00e4t|probe\.py|do_raise/);
});

it.each([
  ["a number if it was given none", {}, undefined, /^\d+$/],
  ["a valid X-Request-Id", { "x-request-id": "abc-1" }, undefined, /^abc-1$/],
  ["a number if X-Request-Id contains a blank", { "x-request-id": "a b" }, undefined, /^\d+$/],
  ["a number if X-Request-Id has more than 128 characters", { "x-request-id": "a".repeat(129) }, undefined, /^\d+$/],
  ["req.id, which wins over X-Request-Id", { "x-request-id": "abc-1" }, "from-middleware", /^from-middleware$/],
  ["req.id, if it is a number", {}, 7, /^7$/],
])("each line of the log about a request has its id: %s", async (_, headers, id, expected) => {
  const app = startPython("probe:application");
  const { logger } = app;
  const bridge = fromWsgi(app, { logger });
  const server = await listen((req, res) => {
    if (id !== undefined) Object.assign(req, { id });
    bridge(req, res);
  });
  onTestFinished(() => server.close());
  await textOf(`${server.url}/errors`, { headers });
  await textOf(`${server.url}/raise`, { headers });
  const found = (line: string): string => /^\[([^\]]*)\] /.exec(line)?.[1] ?? "";
  expect(found(await logger.said("said on wsgi.errors \u2713"))).toMatch(expected);
  expect(found(await logger.said("GET /raise: the application failed"))).toMatch(expected);
  expect(await logger.said("said on stdout")).toBe("said on stdout");
});

it("a logger is any object with info, warn and error, called as methods, as console's and pino's are", async () => {
  class Levels extends MemoryLogger {
    readonly levels: string[] = [];
    override info = function (this: Levels, line: string): void {
      this.levels.push(`info ${line}`);
    };
    override warn = function (this: Levels, line: string): void {
      this.levels.push(`warn ${line}`);
    };
  }
  const logger = new Levels();
  const { url } = await hostPython("probe:application", { logger });
  await textOf(`${url}/errors`);
  await vi.waitUntil(() => logger.levels.length >= 2);
  expect(logger.levels).toContain("info said on stdout");
  expect(logger.levels).toContain("warn said on stderr");
});

it("control characters of the application are escaped in the log", async () => {
  const { url, logger } = await hostPython("probe:application");
  await textOf(`${url}/raise`);
  expect(await logger.said("LookupError: sp\u00e4t")).toContain("\\x1b[31m");
  expect(logger.text).not.toContain("\x1b");
});
