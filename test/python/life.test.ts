import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { nodeWith } from "../support/node-process.ts";
import { expectGone, isBusy } from "../support/processes.ts";
import { hostPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const pidOf = async (port: number): Promise<number> => JSON.parse((await rawGet(port, "/process")).body).pid;

it("WRK-07: a process that dies is replaced", async () => {
  const { port, logger } = await hostPython("probe:application");
  const before = await pidOf(port);
  process.kill(before, "SIGKILL");
  await logger.said(`Python process ${before} ended by SIGKILL`);
  expect(await pidOf(port)).not.toBe(before);
});

it("WRK-07: a request with a safe method is retried, and the client does not notice", async () => {
  const { port } = await hostPython("probe:application");
  const mark = join(tmpdir(), `wsgi-bridge-test-${process.pid}-${Date.now()}`);
  onTestFinished(() => rmSync(mark, { force: true }));
  const { head, body } = await rawGet(port, `/kill_once?${mark}`);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(body).toBe("hello");
});

it("WRK-07: a request that crashes two processes gets a 502, and no third attempt", async () => {
  const { port, logger } = await hostPython("probe:application", { processes: 2 });
  expect((await rawGet(port, "/kill")).head).toMatch(/^HTTP\/1\.1 502 /);
  expect((await rawGet(port, "/hello")).body).toBe("hello");
  expect(logger.lines.filter((line) => line.includes("ended by SIGKILL"))).toHaveLength(2);
});

it("WRK-07: a request with an unsafe method is not retried", async () => {
  const { url, port, logger } = await hostPython("probe:application", { processes: 2 });
  expect((await fetch(`${url}/kill`, { method: "POST" })).status).toBe(502);
  expect((await rawGet(port, "/hello")).body).toBe("hello");
  expect(logger.lines.filter((line) => line.includes("ended by SIGKILL"))).toHaveLength(1);
});

it("WRK-09: close() waits for running requests, and leaves no process behind", async () => {
  const { app, url, port, logger } = await hostPython("probe:application", { threads: 2 });
  const pid = await pidOf(port);
  const waiting = fetch(`${url}/wait?1`).then((answer) => answer.text());
  await logger.said("waiting");
  const closing = app.close();
  expect((await rawGet(port, "/hello")).head).toMatch(/^HTTP\/1\.1 503 /);
  process.kill(pid, 0); // still there
  await waiting.then((text) => expect(text).toBe("hello"));
  await closing;
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

async function expectNoneLeft(node: ChildProcess, children: readonly number[]): Promise<void> {
  node.kill("SIGKILL");
  await expectGone(children);
}

it("WRK-09: Node killed with SIGKILL leaves no Python process behind", async () => {
  const { node, children } = await nodeWith("probe:application");
  expect(children).toHaveLength(2);
  await expectNoneLeft(node, children);
});

const onLinux = it.runIf(process.platform === "linux"); // there the kernel kills a process when its parent exits

onLinux("ISO-14: nor a stopped one", async () => {
  const { node, children } = await nodeWith("probe:application");
  expect(children).toHaveLength(2);
  for (const pid of children) process.kill(pid, "SIGSTOP");
  await expectNoneLeft(node, children);
});

onLinux("ISO-14: nor one that holds the interpreter's lock", async () => {
  const { node, port, children } = await nodeWith("stuck:application");
  expect(children).toHaveLength(2);
  for (const _ of children) void rawGet(port, "/locked");
  await expect.poll(() => children.filter(isBusy), { timeout: 10_000 }).toEqual(children);
  await expectNoneLeft(node, children);
});
