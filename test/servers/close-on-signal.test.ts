/** `closeOnSignal` in a process of its own, with real signals. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const PROGRAM = fileURLToPath(new URL("../support/close-on-signal.mjs", import.meta.url));

async function start(): Promise<{
  child: ChildProcessByStdio<Writable, Readable, null>;
  lines: string[];
  closed: Promise<unknown[]>;
  answer: Promise<Response>;
  port: number;
}> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  const [first] = (await once(output, "line")) as [string];
  output.on("line", (line) => lines.push(line));
  const port = Number(first.split(" ")[1]);
  return { child, lines, closed, answer: fetch(`http://127.0.0.1:${port}`), port };
}

it.each(["SIGTERM", "SIGINT"] as const)(
  "%s: the answer under way ends, then what is behind closes, then the process",
  async (signal) => {
    const { child, lines, closed, answer } = await start();
    const text = (await answer).text(); // the head has arrived
    child.kill(signal);
    child.stdin.write("go on\n");
    expect(await text).toBe("begun, ended");
    expect(await closed).toEqual([0, null]);
    expect(lines).toEqual(["one closed", "two closed", `over after ${signal}`]);
  },
);

it("a second signal ends the process at once, with the signal's number in its exit code", async () => {
  const { child, lines, closed, answer, port } = await start();
  const text = (await answer).text().catch(() => "cut");
  const idle = connect(port, "127.0.0.1").resume();
  await once(idle, "connect");
  child.kill("SIGINT");
  await new Promise((resolve) => idle.on("error", resolve).on("close", resolve)); // the process has received the first signal: two at once have no order
  child.kill("SIGTERM");
  expect([await text, await closed]).toEqual(["cut", [128 + 15, null]]);
  expect(lines).toEqual([]);
});
