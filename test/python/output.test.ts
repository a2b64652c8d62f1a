/** stdout and stderr of a Python process: openable by name, complete, in order, and of no other process. */
import { spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { hostPython, startPython } from "../support/python.ts";

const LINES = 10 * 1024;
const APP = "output:application";

/** Which of the flood's lines have arrived, in their order. */
const flood = (lines: readonly string[]): number[] =>
  lines.filter((line) => /^\d{6} x{1016}$/.test(line)).map((line) => Number(line.slice(0, 6)));
const ALL = Array.from({ length: LINES }, (_, number) => number);

describe("on Linux, /dev/stdout and /dev/stderr", () => {
  it("can be opened while the app is imported, as by logging.FileHandler", async () => {
    const { logger, ...app } = startPython(APP);
    await app.ready();
    await logger.said("logged to /dev/stdout at import");
    await logger.said("written to /dev/stderr at import");
  });

  it.each(["/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/proc/self/fd/2", "/dev/fd/1"])(
    "%s can be opened in a request, by the app and by a program that it runs",
    async (path) => {
      const { url, logger } = await hostPython(APP);
      expect(await fetch(`${url}/open?${path}`).then(({ status }) => status)).toBe(200);
      await logger.said(`written to ${path}`);
      expect(await fetch(`${url}/shell?${path}`).then(({ status }) => status)).toBe(200);
      await logger.said(`echoed to ${path}`);
    },
  );

  it("are pipes", async () => {
    const { url } = await hostPython(APP);
    expect(await fetch(`${url}/kinds`).then((answer) => answer.text())).toBe("pipe pipe");
  });

  it("the pipes are in no other process, neither Node's children nor Python's", async () => {
    const { url, app } = await hostPython(APP);
    const pid = app.stats().processes[0]?.pid;
    const links = (of: string | number): string[] =>
      readdirSync(`/proc/${of}/fd`).flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/${of}/fd/${fd}`)];
        } catch {
          return []; // the descriptor of the listing itself
        }
      });
    const pipes = [1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const held = pipes.map((pipe) => links(pid as number).filter((link) => link === pipe).length);
    expect(held).toEqual([2, 1]); // the app's FileHandler has opened stdout once more
    const child = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" }).stdout;
    for (const pipe of pipes) expect(child).not.toContain(pipe);
    const grandchild = await fetch(`${url}/links`).then((answer) => answer.text());
    expect(grandchild).toContain("pipe:");
    for (const pipe of pipes) expect(grandchild).not.toContain(pipe);
  });

  it("a stream that a wrapper script has redirected stays where it is", async () => {
    const wrapper = fileURLToPath(new URL("../apps/bin/python-without-stdout", import.meta.url));
    const { url, logger } = await hostPython(APP, { python: wrapper, env: { REAL_PYTHON: ensurePython() } });
    expect(await fetch(`${url}/kinds`).then((answer) => answer.text())).toBe("/dev/null pipe");
    expect(logger.text).not.toContain("logged to /dev/stdout");
  });
});

describe("output", () => {
  it.each(["stdout", "stderr"])("10 MiB on %s arrive, every line in its order", async (name) => {
    const { url, logger, app } = await hostPython(APP);
    await fetch(`${url}/flood?${name}`);
    await app.close();
    expect(flood(logger.lines)).toEqual(ALL);
  });

  it.each(["stdout", "stderr"])("10 MiB on %s directly before os._exit() arrive", async (name) => {
    const { url, logger } = await hostPython(APP);
    await fetch(`${url}/flood_and_exit?${name}`, { method: "POST" });
    await logger.said("ended with code 7");
    expect(flood(logger.lines)).toEqual(ALL);
  });

  it("what is written directly before os._exit() is in the log before the exit", async () => {
    const { url, logger } = await hostPython(APP);
    await fetch(`${url}/last_word`, { method: "POST" });
    const end = await logger.said("ended with code 7");
    const before = logger.lines.slice(0, logger.lines.indexOf(end));
    expect(before).toContain("the last word on stdout");
    expect(before).toContain("the last word on stderr");
  });

  it("children write to the same log, also forked ones", async () => {
    const { url, logger } = await hostPython(APP);
    await fetch(`${url}/child`);
    await fetch(`${url}/fork`);
    await logger.said("printed by a child");
    await logger.said("written by a forked child");
  });

  it("a crash is one record, before the message that the process has ended", async () => {
    const { url, logger } = await hostPython(APP);
    await fetch(`${url}/segfault`, { method: "POST" });
    const end = await logger.said("ended by SIGSEGV");
    const crash = await logger.said("Fatal Python error: Segmentation fault");
    expect(crash).toMatch(/ in do_segfault\n/);
    expect(logger.lines.indexOf(crash)).toBeLessThan(logger.lines.indexOf(end));
  });

  it("the error of a failed start has what was written last", async () => {
    const app = startPython("dies_at_import:app");
    const error = await app.ready().catch((reason: Error) => reason);
    expect(error).toMatchObject({ message: expect.stringMatching(/line 0\n.*line 29\nthe very last line$/s) });
  });
});
