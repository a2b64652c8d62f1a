/** Errors that `child_process.spawn` throws, unlike ENOENT, which comes as an event. The tests provoke real errors. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { InterpreterError } from "../../src/index.ts";
import { APPS, hostPython, startPython } from "../support/python.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "wsgi-bridge-spawn-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Creates a symbolic link to itself. */
function loop(path: string): string {
  symlinkSync(path, path);
  return path;
}

describe("ISO-11: an error that spawn throws", () => {
  it.each([
    ["E2BIG", () => ({ env: { LARGE: "x".repeat(256 * 1024) } }), /E2BIG.*option env/],
    ["ENOTDIR", () => ({ python: "/etc/passwd/python3" }), /ENOTDIR.*option python/],
    ["ELOOP", () => ({ python: loop(join(folder(), "python3")) }), /ELOOP.*option python/],
    ["ERR_INVALID_ARG_VALUE", () => ({ env: { NUL: "a\0b" } }), /ERR_INVALID_ARG_VALUE; .*NUL.*option env/],
  ])(
    "%s rejects ready() with an InterpreterError, is logged, and the start is retried later",
    async (code, options, message) => {
      const app = startPython("probe:application", options());
      const error = await app.ready().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InterpreterError);
      expect(error).toMatchObject({
        message: expect.stringMatching(message),
        cause: expect.objectContaining({ code }),
      });
      await app.logger.said("did not start; a new process starts in 0 ms");
      await app.logger.said("did not start; a new process starts in 100 ms");
      await app.logger.said("did not start; a new process starts in 200 ms");
    },
  );

  it("says that an interpreter may not be executed, which is not a matter of installing Python", async () => {
    await expect(startPython("probe:application", { python: "/etc/passwd" }).ready()).rejects.toMatchObject({
      code: "ERR_WSGI_INTERPRETER",
      message: expect.stringMatching(
        /"\/etc\/passwd" \(from the option python\) cannot be run: EACCES; this user may not/,
      ),
    });
  });

  it("rejects a reload(), and the old code keeps running", async () => {
    const python = join(folder(), "python3");
    symlinkSync(ensurePython(), python);
    const { app, url } = await hostPython("probe:application", { python });
    unlinkSync(python);
    loop(python);
    await expect(app.reload()).rejects.toMatchObject({ code: "ERR_WSGI_INTERPRETER" });
    expect(await fetch(url).then((answer) => answer.text())).toBe("hello");
  });

  it("does not crash Node when a process is replaced: the start is retried until it succeeds", async () => {
    const python = join(folder(), "python3");
    symlinkSync(ensurePython(), python);
    const { url, logger } = await hostPython("probe:application", { python });
    unlinkSync(python);
    loop(python);
    expect(await fetch(`${url}/kill`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    await logger.said("did not start");
    expect(await fetch(url).then(({ status }) => status)).toBe(503);
    unlinkSync(python);
    symlinkSync(ensurePython(), python);
    await expect.poll(() => fetch(url).then((answer) => answer.text()), { timeout: 5000 }).toBe("hello");
  });

  it("names a directory that was deleted after the start, not the interpreter", async () => {
    const directory = join(folder(), "app");
    mkdirSync(directory);
    writeFileSync(
      join(directory, "here.py"),
      "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n",
    );
    const { app, url } = await hostPython("here:app", { directory });
    rmSync(directory, { recursive: true });
    await expect(app.reload()).rejects.toThrow(/ENOENT.*the folder .* no longer exists.*option directory/);
    expect(await fetch(url).then((answer) => answer.text())).toBe("hello");
  });
});

describe("close() in the same tick as a failed start", () => {
  it("sends no signal to Node's own process group", async () => {
    const built = new URL("../../dist/python.js", import.meta.url).href;
    const program = `
      import { pythonApp } from ${JSON.stringify(built)};
      await undefined;
      const quiet = { info() {}, warn() {}, error() {} };
      const app = pythonApp("probe:application", { directory: ${JSON.stringify(APPS)}, python: "/no/python3", logger: quiet });
      await app.close();
      console.log("closed");`;
    const node = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "ignore", "inherit"],
      detached: true, // a process group of its own
    });
    expect(await once(node, "exit")).toEqual([0, null]);
  });
});
