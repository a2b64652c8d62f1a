/** Applications that gevent or eventlet has patched: their lanes are served by green threads. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { AppThreadsError } from "../../src/index.ts";
import type { PythonAppOptions } from "../../src/python.ts";
import { APPS, type Hosted, hostPython, startPython } from "../support/python.ts";

const GREEN = join(APPS, "green");

function host(target: string, options: PythonAppOptions = {}): Promise<Hosted> {
  return hostPython(target, { directory: GREEN, python: ensureAppsPython(), threads: 4, ...options });
}

const textOf = (url: string, init?: RequestInit): Promise<string> => fetch(url, init).then((answer) => answer.text());
const jsonOf = (url: string): Promise<Record<string, unknown>> => textOf(url).then((text) => JSON.parse(text));

describe.each(["gevent", "eventlet"])("%s", (library) => {
  const target = `${library}_app:app`;

  it("requests that wait let others run, all in one thread of the operating system", async () => {
    const { url, logger } = await host(target);
    const said = `${target}: requests run in green threads, because ${library} has patched the app; each process serves 4 at a`;
    expect(logger.text).toContain(said);
    const waiting = [1, 2, 3].map(() => jsonOf(`${url}/wait`));
    expect(await textOf(`${url}/open`)).toBe("ok");
    expect(await Promise.all(waiting)).toEqual([{ opened: true }, { opened: true }, { opened: true }]);
    if (process.platform === "linux") expect(await jsonOf(url)).toMatchObject({ threads: 1 });
  });

  it("bodies of both directions are complete", async () => {
    const { url } = await host(target);
    const body = Buffer.alloc(3_000_000, "0123456789");
    const answer = await fetch(`${url}/echo`, { method: "POST", body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    const file = await fetch(`${url}/file`);
    expect((await file.arrayBuffer()).byteLength).toBe(Number(file.headers.get("content-length")));
  });

  it("a time-out ends its own request only, and the lane serves again", async () => {
    const { url, logger } = await host(target, { requestTimeout: 1500 });
    const { pid } = await jsonOf(url);
    const others = [1, 2].map(() => textOf(`${url}/sleep?seconds=1`));
    expect((await fetch(`${url}/sleep?seconds=60`)).status).toBe(504);
    expect(await Promise.all(others)).toEqual(["slept", "slept"]);
    await logger.said("sleep ended by RequestTimeout");
    expect(logger.text).toMatch(/shared\.py", line \d+, in sleep/);
    for (let i = 0; i < 8; i += 1) expect(await jsonOf(url)).toMatchObject({ pid });
  });

  it("an exception is reported, a forked child leaves the lanes alone, and SIGTERM replaces the process", async () => {
    const { url, logger } = await host(target);
    const { pid } = await jsonOf(url);
    expect((await fetch(`${url}/error`)).status).toBe(500);
    await logger.said("a fault of the application");
    for (let i = 0; i < 4; i += 1) expect(await jsonOf(`${url}/fork`)).toEqual({ code: 7 });
    expect(await jsonOf(url)).toMatchObject({ pid });
    expect(await textOf(`${url}/term`)).toBe("ok");
    await logger.said(`Python process ${pid} ended with code 0`);
    expect((await jsonOf(url)).pid).not.toBe(pid);
  });

  it("holds as many event streams as it has threads", async () => {
    const { url } = await host(target, { threads: 300, gracefulTimeout: 0 });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const { signal } = controller;
    const streams = await Promise.all(Array.from({ length: 299 }, () => fetch(`${url}/events`, { signal })));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    expect(await jsonOf(url)).toMatchObject(process.platform === "linux" ? { threads: 1 } : {});
  });
});

it("Flask-SocketIO serves long polling", async () => {
  const { url } = await host("chat:app", { threads: 32, gracefulTimeout: 0 });
  const client = fileURLToPath(new URL("../apps/green/chat_client.py", import.meta.url));
  const { stdout } = await promisify(execFile)(ensureAppsPython(), [client, url], { timeout: 60_000 });
  expect(stdout).toBe("polling HELLO\n");
});

it.each([
  ["gevent.monkey.patch_all(thread=False)", "gevent", "import gevent.monkey; gevent.monkey.patch_all(thread=False)"],
  ["gevent.monkey.patch_socket()", "gevent", "import gevent.monkey; gevent.monkey.patch_socket()"],
  ["gevent.monkey.patch_thread()", "gevent", "import gevent.monkey; gevent.monkey.patch_thread()"],
  ["eventlet.monkey_patch(thread=False)", "eventlet", "import eventlet; eventlet.monkey_patch(thread=False)"],
  ["eventlet.monkey_patch(socket=False)", "eventlet", "import eventlet; eventlet.monkey_patch(socket=False)"],
])("an app that patches only a part is served: %s", async (_how, library, patch) => {
  const directory = mkdtempSync(join(tmpdir(), "wsgi-bridge-green-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(
    join(directory, "part.py"),
    `${patch}
import ${library}
def application(environ, start_response):
    ${library}.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read() or b"nothing"]
`,
  );
  const { url } = await host("part", { directory });
  const bodies = ["one", "two", "three", "four", "five", "six"];
  const answers = bodies.map((body) => textOf(url, { method: "POST", body }));
  expect(await Promise.all(answers)).toEqual(bodies);
});

it("an app that is not patched cannot have a thousand threads", async () => {
  const app = startPython("probe:application", { threads: 1000 });
  const failure = await app.ready().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AppThreadsError);
  expect(String(failure)).toContain("threads is 1000, but this app can have 256 at most");
});
