/** With `threads: 1` the application runs in the main thread, as under gunicorn's sync worker and uWSGI. */
import { expect, it } from "vitest";
import { type Hosted, hostPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());
const host = (options = {}): Promise<Hosted> => hostPython("main_thread:application", { threads: 1, ...options });

it.each([
  ["facts", "(True, False)"],
  ["alarm", "too slow"],
  ["loop", "from the loop"],
  ["database", "42"],
])("what belongs to the main thread works: %s", async (path, expected) => {
  const { url } = await host();
  expect(await textOf(`${url}/${path}`)).toBe(expected);
  expect(await textOf(`${url}/${path}`)).toBe(expected);
});

it("with more threads, requests run in other threads", async () => {
  const { url } = await host({ threads: 2 });
  expect(await textOf(`${url}/facts`)).toBe("(False, True)");
});

it("an exception of a signal handler between two requests is logged, and the next request is served", async () => {
  const { url, logger } = await host();
  const pid = await textOf(`${url}/pid`);
  expect(await textOf(`${url}/forgets?seconds=0.01`)).toBe("forgot");
  await logger.said("main_thread.Slow");
  expect(await textOf(`${url}/pid`)).toBe(pid);
});

it("a request that takes too long gets a 504, and its thread serves again", async () => {
  const { url, logger } = await host({ requestTimeout: 300 });
  const pid = await textOf(`${url}/pid`);
  expect((await fetch(`${url}/busy`)).status).toBe(504);
  await logger.said("in do_busy");
  expect(logger.text).not.toMatch(/wsgi_bridge|runpy|__main__/);
  expect(await textOf(`${url}/pid`)).toBe(pid);
});

it.each(["pid", "handler"])("SIGTERM during a request replaces the process, after a request for /%s", async (path) => {
  const { url, logger } = await host();
  const pid = await textOf(`${url}/pid`);
  await textOf(`${url}/${path}`);
  expect(await textOf(`${url}/term`)).toBe("asked to end");
  await logger.said(`Python process ${pid} ended with code 0`);
  expect(await textOf(`${url}/pid`)).not.toBe(pid);
});

it("SIGTERM between two requests replaces the process, after asyncio has taken the wake-up of signals", async () => {
  const { url, logger } = await host();
  const pid = await textOf(`${url}/pid`);
  await textOf(`${url}/handler`);
  process.kill(Number(pid), "SIGTERM");
  await logger.said(`Python process ${pid} ended with code 0`);
  expect(await textOf(`${url}/pid`)).not.toBe(pid);
});

it("close() ends a process whose only thread is busy", async () => {
  const { app, url, logger } = await host({ gracefulTimeout: 100, requestTimeout: 0 });
  const pid = await textOf(`${url}/pid`);
  const controller = new AbortController();
  const busy = fetch(`${url}/busy`, { signal: controller.signal }).catch(() => "aborted");
  while (app.stats().processes[0]?.inFlight === 0) await new Promise(setImmediate);
  const closed = app.close();
  await logger.said(`Python process ${pid} still has 1 request after gracefulTimeout`).catch(() => undefined);
  await closed;
  controller.abort();
  await busy;
  expect(() => process.kill(Number(pid), 0)).toThrow();
});
