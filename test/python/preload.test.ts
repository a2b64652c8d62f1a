/** WRK-07, ISO-01: `preload: true`, one import for all processes, which live and die like any others. */
import { describe, expect, it } from "vitest";
import { hostPreloaded, socketsOf, textOf } from "../support/preloaded.ts";
import { childrenOf, expectGone } from "../support/processes.ts";
import { hostPython, startPython } from "../support/python.ts";

const SOON = { timeout: 10_000 };
const onLinux = describe.runIf(process.platform === "linux");

it.each([
  [1, 1],
  [1, 4],
  [4, 1],
  [4, 4],
])("%i processes of %i threads come from one import", async (processes, threads) => {
  const { tell, imports, pids, app } = await hostPreloaded({ processes, threads });
  const { imported, parent, pid, forks } = await tell();
  expect(imports()).toEqual([imported]);
  expect(parent).toBe(imported);
  expect(forks).toEqual([pid]);
  expect(pids()).toHaveLength(processes);
  expect(pids()).toContain(pid);
  expect(childrenOf(imported).toSorted()).toEqual(pids().toSorted());
  await app.close();
  await expectGone([imported, pid]);
});

it("a Django project runs", async () => {
  const { port, url } = await hostPython("django_site.wsgi", {
    directory: `${import.meta.dirname}/../apps/forms`,
    preload: true,
    processes: 2,
  });
  expect(port).toBeGreaterThan(0);
  expect(await textOf(url)).toContain("django");
});

describe("the end of a process", () => {
  it.each([
    ["os._exit(3)", "ended with code 3"],
    ["SIGKILL", "ended by SIGKILL"],
    ["SIGTERM", "ended with code 0"],
  ])("%s: it is replaced without another import, and the log says how it %s", async (how, said) => {
    const { url, logger, tell, imports, pids } = await hostPreloaded({ processes: 2, threads: 1 });
    const { imported } = await tell();
    const pid = pids()[0] as number;
    if (how === "os._exit(3)") expect((await fetch(`${url}/exit?code=3`, { method: "POST" })).status).toBe(502);
    else process.kill(pid, how);
    await logger.said(said);
    await expect.poll(() => pids().length, SOON).toBe(2);
    expect((await tell()).imported).toBe(imported);
    expect(imports()).toEqual([imported]);
    expect(childrenOf(imported).toSorted()).toEqual(pids().toSorted());
  });

  it("a GET that was running is retried on another process", async () => {
    const { url, logger, tell } = await hostPreloaded({ processes: 1, threads: 2 });
    const { pid } = await tell();
    const running = textOf(`${url}/sleep?seconds=0.3`);
    await logger.said("sleeping");
    process.kill(pid, "SIGKILL");
    const other = await running;
    expect(other).toMatch(/^\d+$/);
    expect(other).not.toBe(String(pid));
  });

  it("maxRequests replaces it without another import", async () => {
    const { tell, imports, logger } = await hostPreloaded({ processes: 1, threads: 1, maxRequests: 2 });
    const { pid, imported } = await tell();
    await tell();
    await logger.said(`Python process ${pid} ended with code 0`);
    const next = await tell();
    expect(next).toMatchObject({ imported, parent: imported });
    expect(next.pid).not.toBe(pid);
    expect(imports()).toEqual([imported]);
  });

  it("requestTimeout interrupts its threads", async () => {
    const { url, tell } = await hostPreloaded({ processes: 1, threads: 1, requestTimeout: 300 });
    const { pid } = await tell();
    expect((await fetch(`${url}/spin`)).status).toBe(504);
    expect((await tell()).pid).toBe(pid);
  });
});

it("a process that holds the interpreter's lock is killed and replaced", async () => {
  const { url, logger } = await hostPython("stuck:application", {
    preload: true,
    processes: 1,
    threads: 1,
    requestTimeout: 300,
    gracefulTimeout: 100,
  });
  const pid = await textOf(`${url}/pid`);
  expect((await fetch(`${url}/locked`)).status).toBe(504);
  await logger.said(`Python process ${pid} ended by SIG`);
  expect(await textOf(`${url}/pid`)).not.toBe(pid);
});

describe("the end of the template", () => {
  it("SIGKILL: all processes are replaced, from a new import", async () => {
    const { logger, tell, imports, pids } = await hostPreloaded({ processes: 2 });
    const { imported } = await tell();
    const before = pids();
    process.kill(imported, "SIGKILL");
    await logger.said(`Python process ${imported}, from which the others are forked, ended by SIGKILL`);
    for (const pid of before) await logger.said(`Python process ${pid} ended with process ${imported}`);
    await expect.poll(() => pids().length, SOON).toBe(2);
    const after = await tell();
    expect(imports()).toEqual([imported, after.imported]);
    await expectGone(before);
    expect(childrenOf(after.imported).toSorted()).toEqual(pids().toSorted());
  });

  it.each(["SIGTERM", "SIGINT"])("%s alone does not end it: these go to whole process groups", async (signal) => {
    const { tell, imports, pids } = await hostPreloaded({ processes: 1 });
    const { imported, pid } = await tell();
    process.kill(imported, signal);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => pids().some((one) => one !== pid), SOON).toBe(true);
    expect((await tell()).imported).toBe(imported);
    expect(imports()).toEqual([imported]);
  });

  it("close() ends it even if it is stopped", { timeout: 40_000 }, async () => {
    const { app, tell, pids } = await hostPreloaded({ processes: 2 });
    const { imported } = await tell();
    const all = [imported, ...pids()];
    process.kill(imported, "SIGSTOP");
    await app.close();
    await expectGone(all);
  });
});

onLinux("descriptors", () => {
  it("a process has the control lane and its request lanes, and no socket of another process or of the template", async () => {
    const { tell, pids, url, logger } = await hostPreloaded({ processes: 4, threads: 4 });
    const { imported } = await tell();
    await textOf(`${url}/exit?code=5`, "POST");
    await logger.said("ended with code 5");
    await expect.poll(() => pids().length, SOON).toBe(4);
    expect(JSON.parse(await textOf(`${url}/sockets`)).sockets.slice(0, 5)).toEqual([3, 4, 5, 6, 7]);
    const held = [imported, ...pids()].map(socketsOf);
    const all = held.flat();
    expect(new Set(all).size).toBe(all.length);
    // stdout, stderr, the control lane, the handover socket, the control lane's two for signals, and two for the ends of processes
    expect(held[0]?.length).toBeLessThanOrEqual(8);
  });

  it("more lanes than one message can carry", async () => {
    const { url, pids } = await hostPreloaded({ processes: 2, threads: 256 });
    const { sockets } = JSON.parse(await textOf(`${url}/sockets`)) as { sockets: number[] };
    expect(sockets.slice(0, 257)).toEqual(Array.from({ length: 257 }, (_, number) => number + 3));
    const all = pids().flatMap(socketsOf);
    expect(new Set(all).size).toBe(all.length);
  });
});

it("stdout and stderr of each process, and of the import, are logged line by line", async () => {
  const { url, logger, pids } = await hostPreloaded({ processes: 1 });
  await textOf(`${url}/write`, "POST");
  await logger.said(`a line on stdout of ${pids()[0]}`);
  await logger.said(`a line on stderr of ${pids()[0]}`);
  expect(logger.lines.filter((line) => line === "imported")).toHaveLength(1);
});

it("close() while the application loads ends the template", async () => {
  const app = startPython("slow_import:app", { preload: true, processes: 2 });
  const before = childrenOf(process.pid);
  expect(before.length).toBeGreaterThan(0);
  await app.close();
  await expectGone(before);
});
