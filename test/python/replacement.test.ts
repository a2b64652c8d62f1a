import { describe, expect, it } from "vitest";
import { isAlive } from "../support/processes.ts";
import { hostPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());

describe("maxRequests", () => {
  it("WRK-09: replaces each process after this number of requests, and no request is lost", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2, threads: 2, maxRequests: 10 });
    const pids = new Set<string>();
    // At least 90 requests, and more on a slow machine, where the successors take longer to start.
    for (let round = 0; round < 15 || pids.size <= 2; round += 1) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => textOf(`${url}/pid`)));
      for (const pid of answers) pids.add(pid);
      expect(answers.filter((text) => !/^\d+$/.test(text))).toEqual([]);
    }
    await logger.said("requests and is replaced");
    expect(logger.text).not.toMatch(/lost (a|its control) connection|SIG|has a thread/);
  });

  it("maxRequestsJitter makes processes that started together end at different times", async () => {
    const counts = new Set<string>();
    const { url } = await hostPython("stuck:application", {
      processes: 1,
      threads: 1,
      maxRequests: 1,
      maxRequestsJitter: 1000,
    });
    for (let i = 0; i < 20; i += 1) counts.add(await textOf(`${url}/pid`));
    expect(counts.size).toBeLessThan(20); // one in a thousand would be replaced at once
  });
});

describe("close()", () => {
  it("WRK-09: terminates, then kills, a process that does not end within gracefulTimeout; the client gets a 502", async () => {
    const { app, url, logger } = await hostPython("stuck:application", { threads: 1, gracefulTimeout: 200 });
    const pid = Number(await textOf(`${url}/pid`));
    const endless = fetch(`${url}/sleep`, { method: "POST" }).then(({ status }) => status);
    await logger.said("sleeping");
    await app.close();
    expect(await endless).toBe(502);
    expect(isAlive(pid)).toBe(false);
    expect(logger.text).toContain(
      `Python process ${pid} still has 1 request after gracefulTimeout, 200 ms, and is terminated`,
    );
    expect(logger.text).not.toContain("a new process starts");
    expect(await fetch(`${url}/hello`).then(({ status }) => status)).toBe(503);
  });
});
