import { describe, expect, it } from "vitest";
import { hostPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());

describe("WRK-07: what ends a process", () => {
  it.each([
    ["os._exit()", "/quit", "ended with code 7"],
    ["a segmentation fault", "/segfault", "ended by SIGSEGV"],
    ["bytes on its lane that are no record", "/garbage", "lost a connection to Node"],
  ])("%s costs the request that did it a 502, and no request in another process", async (_what, path, said) => {
    const { url, logger } = await hostPython("stuck:application", { processes: 2, threads: 1 });
    const beside = textOf(`${url}/sleep?1`);
    await logger.said("sleeping");
    expect(await fetch(url + path, { method: "POST" }).then(({ status }) => status)).toBe(502);
    await logger.said(said);
    expect(await beside).toBe("hello");
  });

  it("a segmentation fault says in the log where it was", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1 });
    await fetch(`${url}/segfault`, { method: "POST" });
    await logger.said("Fatal Python error: Segmentation fault");
    await logger.said("in do_segfault");
  });

  it("a process that loses a lane ends the requests that it has before it goes", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const pid = await textOf(`${url}/pid`);
    const beside = textOf(`${url}/sleep?1`);
    await logger.said("sleeping");
    expect(await fetch(`${url}/garbage`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    expect(await beside).toBe("hello");
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
  });

  it("one that closes its descriptors costs a line or two of log, and its request a 502", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2, gracefulTimeout: 1_000 });
    const pid = await textOf(`${url}/pid`);
    expect(await fetch(`${url}/close_descriptors?1`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
    await logger.said(`Python process ${pid} ended`);
    expect(logger.text).not.toContain("Traceback");
    expect(logger.lines.length).toBeLessThan(8);
  });

  it("each request that was lost with a process is in the log by its id, with what becomes of it", async () => {
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
  it("lets the request under way end, and the process is replaced", async () => {
    const { url, logger } = await hostPython("stuck:application", { processes: 1, threads: 2 });
    const pid = await textOf(`${url}/pid`);
    expect(await textOf(`${url}/terminate`)).toBe(pid);
    await logger.said(`Python process ${pid} was asked to end by a signal`);
    await logger.said(`Python process ${pid} ended with code 0`);
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
  });
});
