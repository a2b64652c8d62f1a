import { describe, expect, it } from "vitest";
import { hostPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());

describe("WRK-07: a crash of a process", () => {
  it.each([
    ["os._exit()", "/quit", "ended with code 7"],
    ["a segmentation fault", "/segfault", "ended by SIGSEGV"],
    ["bytes on its lane that are not a record", "/garbage", "lost a connection to Node"],
  ])(
    "%s: the request that caused it gets a 502; a request in another process is not affected",
    async (_what, path, said) => {
      const { url, logger } = await hostPython("stuck:application", { processes: 2, threads: 1 });
      const beside = textOf(`${url}/sleep?1`);
      await logger.said("sleeping");
      expect(await fetch(url + path, { method: "POST" }).then(({ status }) => status)).toBe(502);
      await logger.said(said);
      expect(await beside).toBe("hello");
    },
  );

  it("the log shows where a segmentation fault happened", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1 });
    await fetch(`${url}/segfault`, { method: "POST" });
    await logger.said("Fatal Python error: Segmentation fault");
    await logger.said("in do_segfault");
  });

  it("a process that loses a lane finishes its running requests before it exits", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const pid = await textOf(`${url}/pid`);
    const beside = textOf(`${url}/sleep?1`);
    await logger.said("sleeping");
    expect(await fetch(`${url}/garbage`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    expect(await beside).toBe("hello");
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
  });

  it("a process that closes its descriptors logs only a few lines, and its request gets a 502", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2, gracefulTimeout: 1_000 });
    const pid = await textOf(`${url}/pid`);
    expect(await fetch(`${url}/close_descriptors?1`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
    await logger.said(`Python process ${pid} ended`);
    expect(logger.text).not.toContain("Traceback");
    expect(logger.lines.length).toBeLessThan(8);
  });

  it("the log names each request that was lost with a process, its id, and whether it is retried", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const pid = await textOf(`${url}/pid`);
    const beside = fetch(`${url}/sleep?0.5`, { headers: { "X-Request-Id": "beside" } }).then((res) => res.text());
    await logger.said("sleeping");
    await fetch(`${url}/segfault?a=1`, { method: "POST", headers: { "X-Request-Id": "deadly" } });
    await logger.said(`[deadly] POST /segfault?a=1 was lost with Python process ${pid}`);
    await logger.said(`[beside] GET /sleep?0.5 was lost with Python process ${pid}; it is retried on another process`);
    expect(await beside).toBe("hello");
  });
});

describe("SIGTERM to a Python process alone", () => {
  it("lets the running request finish, and the process is replaced", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const pid = await textOf(`${url}/pid`);
    expect(await textOf(`${url}/terminate`)).toBe(pid);
    await logger.said(`Python process ${pid} was asked to end by a signal`);
    await logger.said(`Python process ${pid} ended with code 0`);
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
  });
});
