/** What a Python process inherits from Node, and what it does not. */
import { expect, it } from "vitest";
import { APPS, hostPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

interface Given {
  readonly sockets: readonly number[];
  readonly inheritable: readonly number[];
  readonly stdin: boolean;
  readonly names: readonly string[];
  readonly umask: number;
  readonly user: readonly unknown[];
  readonly directory: string;
}

async function given(threads: number): Promise<Given> {
  const { port } = await hostPython("surroundings:application", { threads });
  return JSON.parse((await rawGet(port, "/")).body) as Given;
}

it("WRK-02: a lane is a socket pair without a name, so no other process can connect to it", async () => {
  const { sockets, names } = await given(3);
  expect(sockets).toEqual(expect.arrayContaining([3, 4, 5, 6])); // the control lane, and one for each thread
  expect(new Set(names)).toEqual(new Set([""]));
});

it("WRK-02: child processes of the application inherit no lane", async () => {
  expect((await given(2)).inheritable).toEqual([]);
});

it("WRK-03: stdin is the null device", async () => {
  expect((await given(1)).stdin).toBe(true);
});

it("WRK-10: user, groups and umask are Node's own, the folder is the application's", async () => {
  const { user, umask, directory } = await given(1);
  const { getuid, geteuid, getgid, getegid, getgroups } = process;
  const groups = [...(getgroups?.() ?? [])].sort((a, b) => a - b);
  expect(user).toEqual([getuid?.(), geteuid?.(), getgid?.(), getegid?.(), groups]);
  expect([umask, directory]).toEqual([process.umask(), APPS]);
});
