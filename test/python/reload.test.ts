import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { hostPython, startPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());

/** A folder with an app that answers with `word`, and a way to change it. */
function changingApp(word: string): { directory: string; write(source: string): void; say(word: string): void } {
  const directory = mkdtempSync(join(tmpdir(), "wsgi-bridge-reload-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const write = (source: string): void => writeFileSync(join(directory, "changing.py"), source);
  const say = (word: string): void =>
    write(`def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${word}"]\n`);
  say(word);
  return { directory, write, say };
}

describe("reload()", () => {
  it("replaces the code under load, and no request fails", async () => {
    const { directory, say } = changingApp("one");
    const { app, url, logger } = await hostPython("changing:app", { directory, processes: 2 });
    const seen: string[] = [];
    let over = false;
    const client = async (): Promise<void> => {
      while (!over) seen.push(await textOf(url));
    };
    const clients = Array.from({ length: 8 }, client);
    say("second");
    await app.reload();
    expect(await textOf(url)).toBe("second");
    say("3rd");
    await app.reload();
    expect(await textOf(url)).toBe("3rd");
    over = true;
    await Promise.all(clients);
    expect(new Set(seen)).toEqual(new Set(["one", "second", "3rd"]));
    expect(logger.text).not.toMatch(/error|lost (a|its control) connection|ended by|failed/i);
  });

  it("rejects with the traceback when the new code cannot be imported, and the old code keeps serving", async () => {
    const { directory, write, say } = changingApp("good");
    const { app, url } = await hostPython("changing:app", { directory, processes: 2 });
    write("import no_such_module\n");
    await expect(app.reload()).rejects.toMatchObject({
      code: "ERR_WSGI_APP_IMPORT",
      traceback: expect.stringContaining("ModuleNotFoundError"),
    });
    expect(await textOf(url)).toBe("good");
    await app.ready();
    say("better");
    await app.reload();
    expect(await textOf(url)).toBe("better");
  });

  it("starts an app that had failed to start", async () => {
    const { directory, write, say } = changingApp("mended");
    write("1 / 0\n");
    const app = startPython("changing:app", { directory });
    await expect(app.ready()).rejects.toThrow("ZeroDivisionError");
    say("mended");
    await app.reload();
    await app.ready();
  });

  it("overlapping calls run one after another, and close() rejects them", async () => {
    const { directory } = changingApp("one");
    const app = startPython("changing:app", { directory });
    await app.ready();
    await Promise.all([app.reload(), app.reload()]);
    const reloading = app.reload();
    await Promise.all([app.close(), expect(reloading).rejects.toMatchObject({ code: "ERR_WSGI_APP_CLOSED" })]);
    await expect(app.reload()).rejects.toMatchObject({ code: "ERR_WSGI_APP_CLOSED" });
  });
});

describe("reload: true", () => {
  it("serves changed code, keeps the last working code, and logs the traceback", async () => {
    const { directory, write, say } = changingApp("one");
    const { url, logger } = await hostPython("changing:app", { directory, reload: true });
    say("second");
    await expect.poll(() => textOf(url)).toBe("second");
    write("import no_such_module\n");
    await logger.said("ModuleNotFoundError");
    expect(await textOf(url)).toBe("second");
    say("mended");
    await expect.poll(() => textOf(url)).toBe("mended");
  });
});
