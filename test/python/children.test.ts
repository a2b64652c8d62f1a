/** ISO-01, ISO-02: the application's child processes have no access to the lanes, and end as they do in plain Python. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isAlive } from "../support/processes.ts";
import { type Hosted, hostPython } from "../support/python.ts";
import { runPythonProgram } from "../support/python-program.ts";
import { rawGet } from "../support/server.ts";

const METHODS = ["fork", "spawn", "forkserver"] as const;

const get = async ({ port }: Hosted, path: string): Promise<unknown> => JSON.parse((await rawGet(port, path)).body);

/** What Node logs about a process that seems broken, or was asked to end. */
const ALARM = /Python process \d+ |record of type/;

async function expectUntouched(host: Hosted, pid: unknown): Promise<void> {
  expect(await get(host, "/pid")).toBe(pid);
  expect(host.logger.lines.filter((line) => ALARM.test(line))).toEqual([]);
}

it.each([
  ["exits", 7, ""],
  ["raises", 1, "LookupError: in the child"],
  ["returns", 0, ""],
  ["writes", 1, "RequestEndedError: this process was forked during a request"],
  ["reads", 0, ""],
  ["asks", 1, "RequestEndedError: this process was forked during a request"],
  ["logs", 0, "logged by the child"],
])("a forked child that %s ends with code %i and sends nothing on the lane", async (how, code, logged) => {
  const host = await hostPython("children:application", { threads: 1 });
  const pid = await get(host, "/pid");
  const { head, body } = await rawGet(host.port, `/fork?${how}`);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(body).toBe(`the child ended with ${code}`);
  if (logged !== "") await host.logger.said(logged);
  await expectUntouched(host, pid);
});

it("a forked child that continues with the request's result ends there", async () => {
  const host = await hostPython("children:application", { threads: 1 });
  const pid = await get(host, "/pid");
  expect((await rawGet(host.port, "/fork_between")).body).toContain("before ");
  expect((await rawGet(host.port, "/fork_between")).body).not.toContain("from the child");
  await expectUntouched(host, pid);
});

it("a forked child that raises ends even if another thread imports what the traceback needs", () => {
  const program = fileURLToPath(new URL("../support/fork_during_import.py", import.meta.url));
  expect(runPythonProgram([program])).toBe("the child ended with 1\n");
});

it("no client gets another client's response while forked children return from the application", async () => {
  const host = await hostPython("children:application", { threads: 4 });
  const pid = await get(host, "/pid");
  const wrong: string[] = [];
  const client = async (name: string): Promise<void> => {
    for (let i = 0; i < 60; i += 1) {
      const token = `${name}-${i}`;
      const path = i % 6 === 0 ? "/fork_and_go" : "/token";
      const { body } = await rawGet(host.port, `${path}?${token}`);
      if (body !== JSON.stringify(token)) wrong.push(`${token}: ${body}`);
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(client));
  expect(wrong).toEqual([]);
  await expectUntouched(host, pid);
});

it.each(["/daemon", "/subprocess"])("%s: the child process has no socket of the worker", async (path) => {
  const host = await hostPython("children:application", { threads: 2 });
  const pid = await get(host, "/pid");
  expect(await get(host, path)).toEqual([]);
  await expectUntouched(host, pid);
});

it.each(METHODS)(
  "multiprocessing.Pool, ProcessPoolExecutor and terminate() work with %s, and Node notices nothing",
  async (method) => {
    const host = await hostPython("children:application", { threads: 2 });
    const pid = await get(host, "/pid");
    expect(await get(host, `/pool?${method}`)).toEqual([1, 4, 9]);
    expect(await get(host, `/executor?${method}`)).toEqual([1, 4, 9]);
    expect(await get(host, `/terminate?${method}`)).toBe(-15);
    await expectUntouched(host, pid);
  },
);

it.each(["", "hung"])("close() ends a daemonic child process (with a thread that does not end: %j)", async (query) => {
  const host = await hostPython("children:application", { threads: 1 });
  const child = (await get(host, `/leave_daemon?${query}`)) as number;
  expect(isAlive(child)).toBe(true);
  await host.app.close();
  await expect.poll(() => isAlive(child), { timeout: 5000 }).toBe(false);
});
