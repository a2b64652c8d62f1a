/** The application's child processes may outlive it and hold its stdout and stderr. Node does not wait for them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { isAlive } from "../support/processes.ts";
import { APPS, hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

/** Makes the app leave a process behind, which is killed when the test ends. */
async function leaveBehind(port: number): Promise<void> {
  const pid = Number((await rawGet(port, "/leave")).body);
  onTestFinished(() => {
    process.kill(pid);
  });
}

const built = (name: string): string => JSON.stringify(new URL(`../../dist/${name}`, import.meta.url).href);

/** Serves one request that leaves a process behind, then closes everything. */
const PROGRAM = `
  import { createServer } from "node:http";
  import { fromWsgi } from ${built("index.js")};
  import { pythonApp } from ${built("python.js")};
  const app = pythonApp("grandchild:application", { processes: 1, directory: ${JSON.stringify(APPS)}, python: ${JSON.stringify(ensurePython())} });
  const server = createServer(fromWsgi(app)).listen(0, "127.0.0.1");
  await app.ready();
  const answer = await fetch("http://127.0.0.1:" + server.address().port + "/leave");
  console.log(await answer.text());
  server.close();
  server.closeAllConnections();
  await app.close();
  console.log("closed");`;

describe("ISO-10: a process that the application left behind", () => {
  it("does not keep Node alive after close()", async () => {
    const node = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    node.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await once(node, "exit");
    const pid = Number(/^\d+$/m.exec(said)?.[0]); // other lines are the log
    expect(said).toContain("closed");
    expect(isAlive(pid)).toBe(true); // so it was not what Node waited for
    process.kill(pid);
  });

  it("does not leak descriptors of Node when its parent is replaced", async () => {
    const { app, port } = await hostPython("grandchild:application");
    await leaveBehind(port);
    await app.reload();
    await expect.poll(() => app.stats().processes.length).toBe(1);
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    for (let round = 0; round < 20; round += 1) {
      await leaveBehind(port);
      await app.reload();
    }
    await expect.poll(open).toBeLessThanOrEqual(before);
  });

  it("does not hide what its parent wrote before it died, to the last byte", async () => {
    const { url, logger } = await hostPython("grandchild:application");
    await fetch(`${url}/last_words`, { method: "POST" });
    await logger.said("ended with code 7");
    expect(logger.lines.filter((line) => line === "x".repeat(63))).toHaveLength(16384);
    const lastWord = logger.lines.indexOf("the very last word");
    expect(lastWord).toBeGreaterThan(16383);
    expect(lastWord).toBeLessThan(logger.lines.findIndex((line) => line.includes("ended with code 7")));
  });

  it("does not hide why its parent did not start", async () => {
    const app = startPython("quits_with_grandchild:app");
    const error = await app.ready().catch((reason: Error) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining("why it ended") });
  });
});
