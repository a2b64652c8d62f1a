import { expect, it } from "vitest";
import {
  AppAttributeError,
  AppClosedError,
  AppImportError,
  AppNotCallableError,
  InterpreterError,
  OptionError,
} from "../../src/index.ts";
import { type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { APPS, hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

it("resolves ready() when every process has loaded the app, and on every later call", async () => {
  const app = startPython("probe:application", { processes: 3 });
  await app.ready();
  await app.ready();
});

const FAILURES: [why: string, target: string, options: PythonAppOptions, kind: unknown, message: RegExp][] = [
  [
    "a module that raises",
    "broken:app",
    {},
    AppImportError,
    /cannot be imported from [\s\S]*No module named 'a_module/,
  ],
  ["a module that does not exist", "nothing:app", {}, AppImportError, /No module named 'nothing'/],
  ["a missing attribute", "probe:nothing", {}, AppAttributeError, /no attribute "nothing"[\s\S]*application/],
  ["a value that cannot be called", "probe:number", {}, AppNotCallableError, /of type int and cannot be called/],
  ["a missing interpreter", "probe:application", { python: "/no/python" }, InterpreterError, /install Python/],
  [
    "a program that is not Python",
    "probe:application",
    { python: "/bin/false" },
    InterpreterError,
    /ended with code 1/,
  ],
  ["a module that ends its process", "quits:app", {}, InterpreterError, /with code 9 [\s\S]*the last words/],
];

it.each(FAILURES)(
  "rejects ready() for %s, with a specific class and message",
  async (_, target, options, kind, message) => {
    const app = startPython(target, options);
    const error = await app.ready().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect(app.logger.text).toContain("did not start; a new process starts in");
  },
);

it("keeps the traceback of a failed import as data", async () => {
  const app = startPython("broken:app");
  const error = await app.ready().catch((reason: AppImportError) => reason);
  expect(error?.traceback).toMatch(/^Traceback [\s\S]*broken\.py", line 3[\s\S]*ModuleNotFoundError/);
  expect(error?.traceback).not.toContain("loader.py");
});

it("answers requests to an app that did not start with a 503 that reveals nothing", async () => {
  const app = startPython("broken:app");
  await app.ready().catch(() => undefined);
  const { fromWsgi } = await import("../../src/index.ts");
  const { listen } = await import("../support/server.ts");
  const server = await listen(fromWsgi(app, { logger: app.logger }));
  const { text } = await rawGet(server.port, "/");
  await server.close();
  expect(text).toMatch(/^HTTP\/1\.1 503 /);
  expect(text).not.toContain("broken");
});

it("retries a failed start, with growing delays", async () => {
  const app = startPython("broken:app");
  const first = await app.logger.said("starts in 0 ms");
  expect(first).toContain("broken:app");
  await app.logger.said("starts in 100 ms");
  await app.logger.said("starts in 200 ms");
});

it("queues a request that arrives before the app is ready", async () => {
  const app = startPython("probe:application");
  const { fromWsgi } = await import("../../src/index.ts");
  const { listen } = await import("../support/server.ts");
  const server = await listen(fromWsgi(app, { logger: app.logger }));
  expect((await rawGet(server.port, "/hello")).body).toBe("hello");
  await server.close();
});

const OPTIONS: [option: string, options: unknown][] = [
  ["directory", { directory: "/no/such/folder" }],
  ["virtualenv", { virtualenv: "no-such-venv" }],
  ["python", { python: "" }],
  ["python and virtualenv", { python: "python3", virtualenv: "." }],
  ["processes", { processes: 0 }],
  ["processes", { processes: 1.5 }],
  ["threads", { threads: "4" }],
  ["env.A", { env: { A: 1 } }],
  ["strict", { strict: "yes" }],
  ["logger", { logger: { info() {} } }],
];

it.each(OPTIONS)("names the option %s if its value is invalid: %j", (option, options) => {
  const start = () => pythonApp("probe:application", { directory: APPS, ...(options as PythonAppOptions) });
  expect(start).toThrow(OptionError);
  expect(start).toThrow(option);
});

it("WRK-10: a process gets the folder, and only the variables that every program needs and those of env", async () => {
  process.env.WSGI_BRIDGE_TEST_SECRET = "secret";
  const { port } = await hostPython("probe:application", { env: { SHOP: "1" } });
  delete process.env.WSGI_BRIDGE_TEST_SECRET;
  const said = JSON.parse((await rawGet(port, "/process")).body);
  expect(said.cwd).toBe(APPS);
  expect(said.path[0]).toBe(APPS);
  expect(said.argv).toEqual(["probe:application"]);
  expect(said.env).toMatchObject({ SHOP: "1", PATH: process.env.PATH });
  expect(said.env).not.toHaveProperty("WSGI_BRIDGE_TEST_SECRET");
});

it("takes no more requests once closed, and may be closed again", async () => {
  const { app, port } = await hostPython("probe:application");
  await app.close();
  await app.close();
  expect((await rawGet(port, "/hello")).head).toMatch(/^HTTP\/1\.1 503 /);
  await expect(app.ready()).rejects.toBeInstanceOf(AppClosedError);
});
