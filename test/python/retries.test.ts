import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { FastcgiConnection } from "../../src/fastcgi/connection.ts";
import { Quarantine } from "../../src/python/quarantine.ts";
import { Retries } from "../../src/python/retries.ts";
import type { RequestStartMessage } from "../../src/python.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { hostPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const environ = (path: string, method = "GET"): Environ =>
  ({ REQUEST_METHOD: method, SCRIPT_NAME: "/mount", PATH_INFO: path, QUERY_STRING: String(Math.random()) }) as Environ;
const statusOf = (url: string, method = "GET"): Promise<number> => fetch(url, { method }).then(({ status }) => status);

describe("ISO-09: a request whose process died", () => {
  it("is retried once if its method is safe", () => {
    const retries = new Retries();
    for (const method of ["GET", "HEAD", "OPTIONS"])
      expect(retries.allows(environ("/", method), 1, { alone: false })).toBe(true);
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      expect(retries.allows(environ("/", method), 1, { alone: false })).toBe(false);
    }
    expect(retries.allows(environ("/"), 2, { alone: false })).toBe(false);
  });

  it("blocks retries of its path for a minute, whatever the query, if it was alone in the second process", () => {
    const retries = new Retries();
    retries.allows(environ("/boom"), 2, { alone: true, now: 1000 });
    expect(retries.allows(environ("/boom"), 1, { alone: false, now: 60_999 })).toBe(false);
    expect(retries.allows(environ("/boom", "HEAD"), 1, { alone: false, now: 1000 })).toBe(true);
    expect(retries.allows(environ("/other"), 1, { alone: false, now: 1000 })).toBe(true);
    expect(retries.allows(environ("/boom"), 1, { alone: false, now: 61_001 })).toBe(true);
  });

  it("does not block its path if another request may be the cause", () => {
    const retries = new Retries();
    retries.allows(environ("/beside"), 2, { alone: false, now: 0 });
    expect(retries.allows(environ("/beside"), 1, { alone: false, now: 1 })).toBe(true);
  });

  it("blocks only the latest thousand paths, so that no client can fill the memory", () => {
    const retries = new Retries();
    for (let i = 0; i <= 1000; i += 1) retries.allows(environ(`/${i}`), 2, { alone: true, now: 0 });
    expect(retries.allows(environ("/0"), 1, { alone: false, now: 1 })).toBe(true);
    expect(retries.allows(environ("/1"), 1, { alone: false, now: 1 })).toBe(false);
    expect(retries.allows(environ("/1000"), 1, { alone: false, now: 1 })).toBe(false);
  });
});

describe("ISO-09: a URL that crashes Python", () => {
  it("crashes two processes the first time, and then one each time", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2 });
    const deaths = (): number => logger.lines.filter((line) => line.includes("ended with code 7")).length;
    expect(await statusOf(`${url}/quit?1`)).toBe(502);
    await expect.poll(deaths).toBe(2);
    expect(await statusOf(`${url}/quit?2`)).toBe(502);
    await expect.poll(deaths).toBe(3);
    expect(await statusOf(`${url}/quit?3`)).toBe(502);
    await expect.poll(deaths).toBe(4);
  });

  it("does not delay the replacement of processes, however many it crashes", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1 });
    for (let i = 0; i < 6; i += 1) expect(await statusOf(`${url}/quit`, "POST")).toBe(502);
    await expect.poll(() => logger.text.match(/ended with code 7; a new process starts in 0 ms/g)).toHaveLength(6);
    expect(await statusOf(`${url}/hello`)).toBe(200);
  });

  it("is retried alone in a process, so that the requests beside it in the first process succeed", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 4 });
    const beside = [1, 2, 3].map(() => fetch(`${url}/sleep?0.2`).then((answer) => answer.text()));
    await expect.poll(() => logger.lines.filter((line) => line === "sleeping")).toHaveLength(3);
    expect(await statusOf(`${url}/quit`)).toBe(502);
    expect(await Promise.all(beside)).toEqual(["hello", "hello", "hello"]);
  });

  it("is not retried in the last serving process", async () => {
    const { app, url } = await hostPython("stuck:application", { processes: 2, threads: 1 });
    const ready: number[] = [];
    const started = (message: unknown): void => {
      const { environ } = message as RequestStartMessage;
      if (environ.PATH_INFO === "/quit")
        ready.push(app.stats().processes.filter(({ state }) => state === "ready").length);
    };
    subscribe("wsgi-bridge:request:start", started);
    onTestFinished(() => void unsubscribe("wsgi-bridge:request:start", started));
    expect(await statusOf(`${url}/quit`)).toBe(502);
    expect(ready).toEqual([2, 2]);
  });

  it("is retried in an idle process, not in one with long-running requests", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2, threads: 4 });
    const long = Array.from({ length: 5 }, () => statusOf(`${url}/sleep?2.5`, "POST"));
    await expect.poll(() => logger.lines.filter((line) => line === "sleeping")).toHaveLength(5);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // after this time a request counts as harmless
    expect(await statusOf(`${url}/quit`)).toBe(502);
    expect((await Promise.all(long)).filter((status) => status === 200)).toHaveLength(3); // the other two ran in the first process
  });

  it("does not hold up requests that wait behind it", async () => {
    const { port } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const answers = await Promise.all([
      rawGet(port, "/quit"),
      ...Array.from({ length: 20 }, () => rawGet(port, "/hello")),
    ]);
    expect(answers.map(({ head }) => head.slice(9, 12))).toEqual(["502", ...Array.from({ length: 20 }, () => "200")]);
  });
});

describe("Quarantine", () => {
  it("lasts a second for one request, and a share of it if others wait as well", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const lane = {} as FastcgiConnection;
    const over = vi.fn();
    const quarantine = new Quarantine(over);
    for (const [others, milliseconds] of [
      [0, 1_000],
      [9, 100],
    ] as const) {
      quarantine.begin(lane, true, others);
      vi.advanceTimersByTime(milliseconds - 1);
      expect([quarantine.active, over.mock.calls.length]).toEqual([true, 0]);
      vi.advanceTimersByTime(1);
      expect([quarantine.active, over.mock.calls.length]).toEqual([false, 1]);
      over.mockClear();
    }
  });
});

describe("backoff", () => {
  it("applies to a process that ended before it had served a request", async () => {
    const { logger, app } = await hostPython("stuck:application", { processes: 1 });
    for (const delay of [0, 100, 200]) {
      await expect.poll(() => app.stats().processes.filter(({ state }) => state === "ready")).toHaveLength(1);
      process.kill(app.stats().processes[0]?.pid as number, "SIGKILL");
      await logger.said(`a new process starts in ${delay} ms`);
    }
  });
});
