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
  it("is tried once more if its method is safe", () => {
    const retries = new Retries();
    for (const method of ["GET", "HEAD", "OPTIONS"])
      expect(retries.allows(environ("/", method), 1, { alone: false })).toBe(true);
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      expect(retries.allows(environ("/", method), 1, { alone: false })).toBe(false);
    }
    expect(retries.allows(environ("/"), 2, { alone: false })).toBe(false);
  });

  it("shows, if it was alone in the second, that its path is not to be tried twice for a minute, whatever the query", () => {
    const retries = new Retries();
    retries.allows(environ("/boom"), 2, { alone: true, now: 1000 });
    expect(retries.allows(environ("/boom"), 1, { alone: false, now: 60_999 })).toBe(false);
    expect(retries.allows(environ("/boom", "HEAD"), 1, { alone: false, now: 1000 })).toBe(true);
    expect(retries.allows(environ("/other"), 1, { alone: false, now: 1000 })).toBe(true);
    expect(retries.allows(environ("/boom"), 1, { alone: false, now: 61_001 })).toBe(true);
  });

  it("shows nothing of its path if another request may have been the reason", () => {
    const retries = new Retries();
    retries.allows(environ("/beside"), 2, { alone: false, now: 0 });
    expect(retries.allows(environ("/beside"), 1, { alone: false, now: 1 })).toBe(true);
  });

  it("of a thousand such paths the newest are known, so that no client can fill the memory", () => {
    const retries = new Retries();
    for (let i = 0; i <= 1000; i += 1) retries.allows(environ(`/${i}`), 2, { alone: true, now: 0 });
    expect(retries.allows(environ("/0"), 1, { alone: false, now: 1 })).toBe(true);
    expect(retries.allows(environ("/1"), 1, { alone: false, now: 1 })).toBe(false);
    expect(retries.allows(environ("/1000"), 1, { alone: false, now: 1 })).toBe(false);
  });
});

describe("ISO-09: a URL that crashes Python", () => {
  it("costs two processes the first time, and one each time after that", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2 });
    const deaths = (): number => logger.lines.filter((line) => line.includes("ended with code 7")).length;
    expect(await statusOf(`${url}/quit?1`)).toBe(502);
    await expect.poll(deaths).toBe(2);
    expect(await statusOf(`${url}/quit?2`)).toBe(502);
    await expect.poll(deaths).toBe(3);
    expect(await statusOf(`${url}/quit?3`)).toBe(502);
    await expect.poll(deaths).toBe(4);
  });

  it("has each process replaced at once, however often", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1 });
    for (let i = 0; i < 6; i += 1) expect(await statusOf(`${url}/quit`, "POST")).toBe(502);
    await expect.poll(() => logger.text.match(/ended with code 7; a new process starts in 0 ms/g)).toHaveLength(6);
    expect(await statusOf(`${url}/hello`)).toBe(200);
  });

  it("is given a second process alone, so that requests that were beside it in the first are answered", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 4 });
    const beside = [1, 2, 3].map(() => fetch(`${url}/sleep?0.2`).then((answer) => answer.text()));
    await expect.poll(() => logger.lines.filter((line) => line === "sleeping")).toHaveLength(3);
    expect(await statusOf(`${url}/quit`)).toBe(502);
    expect(await Promise.all(beside)).toEqual(["hello", "hello", "hello"]);
  });

  it("is not given the last process that serves", async () => {
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

  it("is given an empty process, not one whose requests have been there for long", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2, threads: 4 });
    const long = Array.from({ length: 5 }, () => statusOf(`${url}/sleep?2.5`, "POST"));
    await expect.poll(() => logger.lines.filter((line) => line === "sleeping")).toHaveLength(5);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the time after which a request is taken for harmless
    expect(await statusOf(`${url}/quit`)).toBe(502);
    expect((await Promise.all(long)).filter((status) => status === 200)).toHaveLength(3); // the other two were beside it
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
  it("is a second for one request, and a share of it where others wait for their own", () => {
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

describe("back-off", () => {
  it("is for a process that ended before it had served anything", async () => {
    const { logger, app } = await hostPython("stuck:application", { processes: 1 });
    for (const delay of [0, 100, 200]) {
      await expect.poll(() => app.stats().processes.filter(({ state }) => state === "ready")).toHaveLength(1);
      process.kill(app.stats().processes[0]?.pid as number, "SIGKILL");
      await logger.said(`a new process starts in ${delay} ms`);
    }
  });
});
