/** One process, the default: requests wait while it is replaced, and none is lost that need not be. */
import { describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { APPS, hostPython } from "../support/python.ts";

const textOf = (url: string, method = "GET"): Promise<string> => fetch(url, { method }).then((answer) => answer.text());
const isPid = expect.stringMatching(/^\d+$/);

describe("an app without the option processes", () => {
  it("has one process of four threads, and the first line of the log says what to raise and when", async () => {
    const logger = new MemoryLogger();
    const app = pythonApp("stuck:application", { directory: APPS, python: ensurePython(), logger });
    await app.ready();
    expect(app.stats().processes).toHaveLength(1);
    await app.close();
    expect(logger.lines[0]).toBe(
      "stuck:application: 1 process of 4 threads; raise threads for work that waits, processes for CPU-bound work if the app keeps no state in memory",
    );
  });

  it("says so only if the number was not chosen", async () => {
    const { logger } = await hostPython("stuck:application", { processes: 1 });
    expect(logger.text).not.toContain("threads");
  });
});

describe("the only process", () => {
  it("crashes: requests that wait are served by the next process, whatever their method", async () => {
    const { app, url, logger } = await hostPython("stuck:application", { threads: 1 });
    const pid = await textOf(`${url}/pid`);
    const sleeping = textOf(`${url}/sleep?0.5`);
    await logger.said("sleeping");
    const crash = fetch(`${url}/segfault`, { method: "POST" }).then(({ status }) => status);
    await expect.poll(() => app.stats().queue.length).toBe(1);
    const waiting = ["GET", "POST", "PUT", "GET", "DELETE"].map((method) => textOf(`${url}/pid`, method));
    await expect.poll(() => app.stats().queue.length).toBe(6);
    expect(await sleeping).toBe("hello");
    expect(await crash).toBe(502);
    const pids = new Set(await Promise.all(waiting));
    expect([...pids]).toEqual([isPid]);
    expect(pids).not.toContain(pid);
  });

  it("crashes: running requests with a safe method run once more, and those that come meanwhile wait", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 4 });
    const pid = await textOf(`${url}/pid`);
    const report = await fetch(`${url}/report`); // its response has begun
    const running = [textOf(`${url}/sleep?0.5`), textOf(`${url}/sleep?0.5`)];
    await logger.said("sleeping");
    const crash = fetch(`${url}/segfault`, { method: "POST" }).then(({ status }) => status);
    await logger.said("was lost with Python process");
    const later = ["GET", "POST", "PUT"].map((method) => textOf(`${url}/pid`, method));
    expect(await crash).toBe(502);
    const pids = new Set(await Promise.all(later));
    expect([...pids]).toEqual([isPid]);
    expect(pids).not.toContain(pid);
    await expect(report.text()).rejects.toThrow();
    expect(await Promise.all(running)).toEqual(["hello", "hello"]);
  });

  it("gets a SIGTERM from outside: its running request finishes, and new requests wait for the next process", async () => {
    const { app, url, logger } = await hostPython("stuck:application", { threads: 2 });
    const pid = await textOf(`${url}/pid`);
    const running = textOf(`${url}/report`);
    await expect.poll(() => app.stats().processes[0]?.inFlight).toBe(1);
    process.kill(Number(pid), "SIGTERM");
    await logger.said(`Python process ${pid} was asked to end by a signal; a new process starts in 0 ms`);
    const pids = new Set(await Promise.all(["GET", "POST", "PUT"].map((method) => textOf(`${url}/pid`, method))));
    expect([...pids]).toEqual([isPid]);
    expect(pids).not.toContain(pid);
    process.kill(Number(pid), "SIGUSR1"); // lets the report of the old process end
    expect(await running).toMatch(/^(line\n)+end\n$/);
    await logger.said(`Python process ${pid} ended with code 0`);
  });

  it.each(["maxRequests", "reload"])(
    "is replaced by %s only when the next one is ready, and no request fails",
    async (how) => {
      const options = how === "maxRequests" ? { maxRequests: 10 } : {};
      const { app, url, logger } = await hostPython("stuck:application", { threads: 2, ...options });
      const pids = new Set<string>();
      for (let round = 0; pids.size < 3; round += 1) {
        const reloaded = how === "reload" && round % 4 === 0 ? app.reload() : undefined;
        const answers = await Promise.all(["GET", "POST", "PUT", "GET"].map((method) => textOf(`${url}/pid`, method)));
        for (const pid of answers) pids.add(pid);
        expect(answers).toEqual([isPid, isPid, isPid, isPid]);
        await reloaded;
      }
      expect(logger.text).not.toMatch(/was lost|SIG|has a thread/);
    },
  );
});
