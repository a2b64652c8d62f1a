/**
 * ISO-11: errors of applications, loggers and middleware affect nothing else. An unhandled exception or rejection would crash
 * Node; vitest fails a run that has one.
 */
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { serveFastcgi } from "../../src/fastcgi.ts";
import { fromWsgi, type Logger, toWsgi, type WsgiApp } from "../../src/index.ts";
import { surviveAccept } from "../../src/servers/listen-at.ts";
import { bytes } from "../support/bytes.ts";
import { ALL_HOSTS, HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { listen, rawGet } from "../support/server.ts";

const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};

/** Values that cannot be converted to a string implicitly. */
const THROWN: [what: string, thrown: unknown][] = [
  ["a symbol", Symbol("thrown")],
  ["an object without a prototype", Object.create(null)],
];

/** The places where an application may throw. */
const PLACES: [where: string, app: (thrown: unknown) => WsgiApp][] = [
  ["in the call", (thrown) => thrower(thrown)],
  ["in a promise", (thrown) => async () => thrower(thrown)()],
  [
    "after the first block",
    (thrown) =>
      async function* (_environ, startResponse) {
        startResponse("200 OK", []);
        yield bytes("begun");
        thrower(thrown)();
      } as WsgiApp,
  ],
  ["in close()", (thrown) => closing(thrower(thrown))],
  ["in a promise of close()", (thrown) => closing(async () => thrower(thrown)())],
];

function closing(close: () => unknown): WsgiApp {
  return ((_environ, startResponse) => {
    startResponse("200 OK", []);
    return Object.assign([bytes("whole")], { close });
  }) as WsgiApp;
}

const OK: WsgiApp = (_environ, startResponse) => {
  startResponse("200 OK", []);
  return [bytes("ok")];
};

/** Fails once, then responds. */
function firstFails(failing: WsgiApp): WsgiApp {
  let calls = 0;
  return (environ, startResponse) => {
    calls += 1;
    return calls === 1 ? failing(environ, startResponse) : OK(environ, startResponse);
  };
}

const BROKEN: readonly (readonly [what: string, logger: Logger])[] = [
  ["throws", { info: thrower(1), warn: thrower(1), error: thrower(new Error("the disk is full")) }],
  ["rejects", { info() {}, warn() {}, error: () => Promise.reject(new Error("the disk is full")) as never }],
];

describe.each(ALL_HOSTS.filter(({ kind }) => kind !== "http2"))("$name", (host) => {
  describe.each(PLACES)("an app that throws %s", (_where, app) => {
    it.each(THROWN)("%s fails only its own request", async (_what, thrown) => {
      const server = await host.serve(firstFails(app(thrown)), { logger: new MemoryLogger() });
      onTestFinished(() => server.close());
      await rawGet(server.port, "/");
      expect((await rawGet(server.port, "/")).body).toContain("ok");
    });
  });
});

describe("serveFastcgi and toWsgi", () => {
  it.each(THROWN)("%s, thrown by an Express app after its response, is logged", async (_what, thrown) => {
    const logger = new MemoryLogger();
    const app = toWsgi((_req, res) => {
      res.end("ok");
      return Promise.resolve().then(thrower(thrown)) as never;
    });
    const server = await listen(fromWsgi(app, { logger }));
    onTestFinished(() => server.close());
    await rawGet(server.port, "/");
    await logger.said("the app failed after its response had ended");
  });

  it("serveFastcgi logs an error in accept()", async () => {
    const logger = new MemoryLogger();
    const server = createServer();
    surviveAccept(server, logger);
    // A real failure cannot be forced here, so the test emits Node's event itself.
    server.emit("error", new Error("accept ENFILE"));
    expect(logger.lines).toEqual(["a connection could not be accepted: accept ENFILE"]);
    const served = await serveFastcgi(OK, { port: 0 }, { logger });
    await served.close();
    await served.close();
  });
});

describe.each(BROKEN)("a logger that %s", (_what, logger) => {
  const seen: string[] = [];
  beforeEach(() => {
    seen.length = 0;
    for (const level of ["info", "error"] as const)
      vi.spyOn(console, level).mockImplementation((line) => seen.push(line) && undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  it.each(HOSTS)("ends no request and no process, on $name", async (host) => {
    const server = await host.serve(firstFails(closing(thrower(new Error("close() failed")))), { logger });
    onTestFinished(() => server.close());
    expect((await rawGet(server.port, "/")).body).toContain("whole");
    expect((await rawGet(server.port, "/")).body).toContain("ok");
    expect(seen[0]).toContain("the logger failed, so its messages are written here: Error: the disk is full");
    expect(seen[1]).toContain("close() of the application's result failed");
  });

  it("ends no request and no process, with pythonApp", async () => {
    const { url, app } = await hostPython("stuck:application", { logger });
    expect(await fetch(`${url}/segfault`, { method: "POST" }).then(({ status }) => status)).toBe(502);
    expect(await fetch(`${url}/hello`).then((answer) => answer.text())).toBe("hello");
    await app.close();
  });
});

it("middleware whose wsgi.errors throws does not end a Python process", async () => {
  const { app, url, logger } = await hostPython("stuck:application");
  const pid = await fetch(`${url}/pid`).then((answer) => answer.text());
  const broken = { write: thrower(new Error("closed")), writelines: thrower(1), flush: thrower(1) };
  const wrapped: WsgiApp = (environ, startResponse) => app({ ...environ, "wsgi.errors": broken }, startResponse);
  const server = await listen(fromWsgi(wrapped, { logger }));
  onTestFinished(() => server.close());
  expect((await rawGet(server.port, "/no_such_path")).head).toContain("500");
  expect(await fetch(`${url}/pid`).then((answer) => answer.text())).toBe(pid);
});

it("a write() of middleware that rejects when only the head is sent fails only its own request", async () => {
  const { app, logger } = await hostPython("probe:application");
  const wrapped: WsgiApp = (environ, startResponse) =>
    app(environ, (status, headers, excInfo) => {
      startResponse(status, headers, excInfo as never);
      return () => Promise.reject(new Error("write() failed"));
    });
  const server = await listen(fromWsgi(wrapped, { logger }));
  onTestFinished(() => server.close());
  await rawGet(server.port, "/hello");
  await rawGet(server.port, "/empty_first_block");
});
