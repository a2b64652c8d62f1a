/** How an app with `preload: true` starts, fails to start, and is reloaded. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  AppAttributeError,
  AppImportError,
  AppPreloadError,
  InterpreterError,
  OptionError,
  StartTimeoutError,
} from "../../src/index.ts";
import { type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { nodeWith } from "../support/node-process.ts";
import { textOf } from "../support/preloaded.ts";
import { childrenOf, expectGone } from "../support/processes.ts";
import { hostPython, startPython } from "../support/python.ts";

const SOON = { timeout: 10_000 };

const FAILURES: [why: string, target: string, options: PythonAppOptions, kind: unknown, message: RegExp][] = [
  ["a module that raises", "broken:app", {}, AppImportError, /cannot be imported [\s\S]*No module named 'a_module/],
  ["a missing attribute", "probe:nothing", {}, AppAttributeError, /no attribute "nothing"/],
  ["a missing interpreter", "probe:app", { python: "/no/python" }, InterpreterError, /"\/no\/python" .*install Python/],
  ["a program that is not Python", "probe:app", { python: "/bin/false" }, InterpreterError, /ended with code 1 before/],
  ["a module that ends its process", "quits:app", {}, InterpreterError, /with code 9 [\s\S]*the last words/],
  ["a slow import", "slow_import:app", { startTimeout: 2_000 }, StartTimeoutError, /2000 ms[\s\S]*in wait_for_ever/],
];

it.each(FAILURES)("%s fails ready() once for all processes", async (_, target, options, kind, message) => {
  const app = startPython(target, { preload: true, processes: 3, ...options });
  const error = await app.ready().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).message).toMatch(message);
  await app.logger.said("starts in 100 ms");
  expect(app.logger.lines.filter((line) => line.includes("did not start; a new process starts in 0 ms"))).toHaveLength(
    1,
  );
  expect(
    app.logger.lines.filter((line) => line.includes("did not start; a new process starts in 100 ms")),
  ).toHaveLength(1);
});

it("preload must be true or false", () => {
  const options = { preload: "yes" } as unknown as PythonAppOptions;
  expect(() => pythonApp("probe:application", options)).toThrow(
    new OptionError("preload must be true or false, got yes"),
  );
});

describe("threads that the import has started", () => {
  it.each([
    ["threading", /has started threads, [^(]*\(poller at \S*import_threads\.py:\d+\); start them in each process/],
    ["_thread", /\(thread \d+ at \S*import_threads\.py:\d+\)/],
    ["timer", /\(Thread-\d+[^)]*\)/],
  ])("%s: refused with a message that names them", async (kind, message) => {
    const app = startPython("import_threads:app", { preload: true, env: { KIND: kind } });
    const error = await app.ready().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppPreloadError);
    expect((error as Error).message).toMatch(message);
  });

  it.each(["ended", "ending"])("%s ones are no obstacle", async (kind) => {
    const { url } = await hostPython("import_threads:app", { preload: true, processes: 2, env: { KIND: kind } });
    expect(await textOf(url)).toBe(kind);
  });
});

it("a child that the import forks ends when the import has ended there", async () => {
  const { url, logger } = await hostPython("forks_at_import:app", { preload: true, processes: 2 });
  await logger.said("the child has imported the rest");
  expect(await textOf(url)).toBe("served");
});

/** A folder with an app that answers with a word and its parent, and a way to change it. */
function changingApp(): { directory: string; write(source: string): void; say(word: string): void } {
  const directory = mkdtempSync(join(tmpdir(), "preload-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const write = (source: string): void => writeFileSync(join(directory, "changing.py"), source);
  const say = (word: string): void =>
    write(
      `import os\ndef app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${word} %d" % os.getppid()]\n`,
    );
  return { directory, write, say };
}

it("reload() imports the changed code once, in a new template; broken code leaves the old one serving", async () => {
  const { directory, write, say } = changingApp();
  say("one");
  const { app, url, logger } = await hostPython("changing:app", { directory, preload: true, processes: 2 });
  const [, first] = (await textOf(url)).split(" ");
  say("second");
  await app.reload();
  const [word, second] = (await textOf(url)).split(" ");
  expect(word).toBe("second");
  expect(second).not.toBe(first);
  await expectGone([Number(first)]);
  write("import no_such_module\n");
  await expect(app.reload()).rejects.toThrow("no_such_module");
  expect(await textOf(url)).toBe(`second ${second}`);
  await expect
    .poll(() => childrenOf(process.pid).filter((pid) => childrenOf(pid).length > 0), SOON)
    .toEqual([Number(second)]);
  expect(logger.text).not.toMatch(/lost (a|its control) connection|ended by/);
});

it("WRK-09: Node killed with SIGKILL leaves neither template nor process behind", async () => {
  const { node, children } = await nodeWith("probe:application", { preload: true, processes: 3 });
  expect(children).toHaveLength(1);
  const all = children.flatMap((pid) => [pid, ...childrenOf(pid)]);
  expect(all).toHaveLength(4);
  node.kill("SIGKILL");
  await expectGone(all);
});

it.runIf(process.platform === "linux")("ISO-14: nor stopped ones", async () => {
  const { node, children } = await nodeWith("probe:application", { preload: true, processes: 2 });
  const all = children.flatMap((pid) => [pid, ...childrenOf(pid)]);
  for (const pid of all) process.kill(pid, "SIGSTOP");
  node.kill("SIGKILL");
  await expectGone(all);
});
