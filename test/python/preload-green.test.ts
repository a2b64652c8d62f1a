/** `preload: true` with apps that gevent or eventlet has patched: the event loop of each process is its own. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { textOf } from "../support/preloaded.ts";
import { childrenOf } from "../support/processes.ts";
import { APPS, hostPython } from "../support/python.ts";

describe.each(["gevent", "eventlet"])("%s", (library) => {
  it("requests that wait let others run, in each of the forked processes; one that ends is replaced", async () => {
    const { url, app, logger } = await hostPython(`${library}_app:app`, {
      directory: join(APPS, "green"),
      python: ensureAppsPython(),
      preload: true,
      processes: 2,
      threads: 4,
    });
    const asleep = Array.from({ length: 6 }, () => textOf(`${url}/sleep?seconds=0.5`));
    const facts = JSON.parse(await textOf(url)) as { pid: number; threads: number };
    if (process.platform === "linux") expect(facts.threads).toBe(1);
    expect(await Promise.all(asleep)).toEqual(Array.from({ length: 6 }, () => "slept"));
    process.kill(facts.pid, "SIGKILL");
    await logger.said(`Python process ${facts.pid} ended by SIGKILL`);
    const ready = (): (number | undefined)[] =>
      app.stats().processes.flatMap(({ pid, state }) => (state === "ready" ? [pid] : []));
    await expect.poll(() => ready().length, { timeout: 10_000 }).toBe(2);
    const templates = childrenOf(process.pid).filter((pid) => childrenOf(pid).length > 0);
    expect(templates.map((pid) => childrenOf(pid).toSorted())).toEqual([ready().toSorted()]);
    const others = Array.from({ length: 6 }, () => textOf(`${url}/sleep?seconds=0.2`));
    expect(await Promise.all(others)).toEqual(Array.from({ length: 6 }, () => "slept"));
  });
});
