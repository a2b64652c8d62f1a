import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromWsgi, PythonError, type WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython, startPython } from "../support/python.ts";
import { listen, raw, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  vi.restoreAllMocks();
});

/** Texts that would disclose internals: messages, files, frames, variables. */
const INSIDE = /hunter2|Traceback|hostile|\.py|\.ts|\.js|\bat \w|\/node_modules\/|environ|Error:/;

const failing: WsgiApp = (environ, startResponse) => {
  startResponse("200 OK", [["X-Secret", "hunter2"]]);
  throw new Error(`hunter2 in ${import.meta.url}, ${JSON.stringify(environ)}`);
};

describe("SEC-19: an error response discloses no internals", () => {
  const production = (app: WsgiApp): [string, RequestListener][] => [
    ["Express 5 in production", express5().set("env", "production").use(fromWsgi(app)) as unknown as RequestListener],
    ["Express 4 in production", express4().set("env", "production").use(fromWsgi(app)) as unknown as RequestListener],
    ["node:http", fromWsgi(app, { logger: new MemoryLogger() })],
  ];
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => undefined); // in production, Express prints errors there
  });

  it.each(production(failing))("a JavaScript app on %s", async (_name, listener) => {
    server = await listen(listener);
    const { head, text } = await rawGet(server.port, "/");
    expect(head).toMatch(/^HTTP\/1\.1 500 /);
    expect(text).not.toMatch(INSIDE);
  });

  it("a Python app", async () => {
    const app = startPython("hostile:application");
    for (const [name, listener] of production(app)) {
      const { port, close } = await listen(listener);
      const { head, text } = await rawGet(port, "/secret").finally(close);
      expect(head, name).toMatch(/^HTTP\/1\.1 500 /);
      expect(text, name).not.toMatch(INSIDE);
    }
  });

  it("a Python app, even if a framework in development mode shows the error's stack", async () => {
    const app = startPython("hostile:application");
    for (const host of HOSTS) {
      const { port, close } = await host.serve(app, { logger: new MemoryLogger() });
      const { head, text } = await rawGet(port, "/secret").finally(close);
      expect(head, host.name).toMatch(/^HTTP\/1\.1 500 /);
      expect(text, host.name).not.toMatch(/hunter2|Traceback|hostile|\.py|\bat \w|\/node_modules\//);
    }
  });

  it("a PythonError's message and stack are one line; its traceback is a separate property, and in the log", async () => {
    const app = startPython("hostile:application");
    let seen: unknown;
    const host = express5().use(fromWsgi(app, { logger: app.logger }));
    host.use(((error, _req, res, _next) => {
      seen = error;
      res.end();
    }) as express5.ErrorRequestHandler);
    server = await listen(host as unknown as RequestListener);
    await rawGet(server.port, "/secret");
    expect(seen).toBeInstanceOf(PythonError);
    const { message, stack, traceback } = seen as PythonError;
    expect(stack).toBe(`PythonError: ${message}`);
    expect(message).toMatch(/^[^\n]*ValueError[^\n]*$/);
    expect(message).not.toMatch(INSIDE);
    expect(traceback).toMatch(/Traceback.*hostile\.py.*hunter2/s);
    expect(app.logger.text).toContain("hunter2");
  });

  it("a refused request on node:http gets a status and nothing else", async () => {
    server = await listen(fromWsgi(failing, { logger: new MemoryLogger() }));
    const { head, body } = await rawGet(server.port, "/%00");
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(body).toBe("");
  });
});

describe("SEC-20: the log does not contain secrets of clients", () => {
  const CONFIDED = "Cookie: session=s3cr3t\r\nAuthorization: Bearer s3cr3t\r\nProxy-Authorization: Basic s3cr3t\r\n";
  const FAILURES: [string, WsgiApp][] = [
    ["throws", () => Promise.reject(new Error("known"))],
    [
      "sets a cookie with a line break",
      (environ, startResponse) => {
        startResponse("200 OK", [["Set-Cookie", `${environ.HTTP_COOKIE}\r\n`]]);
        return [];
      },
    ],
    [
      "sets a cookie with characters above U+00FF",
      (environ, startResponse) => {
        startResponse("200 OK", [["Set-Cookie", `${environ.HTTP_COOKIE}\u20ac`]]);
        return [];
      },
    ],
    [
      "declares more than it sends",
      (environ, startResponse) => {
        startResponse("200 OK", [
          ["Set-Cookie", environ.HTTP_COOKIE as string],
          ["Content-Length", "9"],
        ]);
        return [bytes("short")];
      },
    ],
    [
      "fails late",
      (environ, startResponse) => {
        startResponse("200 OK", [["Set-Cookie", environ.HTTP_COOKIE as string]]);
        return (function* () {
          yield bytes("begun");
          throw new Error("known");
        })();
      },
    ],
    ["returns its environ", (environ) => environ as never],
  ];

  it.each(FAILURES)("if an app %s", async (_what, app) => {
    for (const host of HOSTS) {
      const logger = new MemoryLogger();
      server = await host.serve(app, { logger });
      await rawGet(server.port, "/", CONFIDED);
      await server.close();
      if (!host.framework) expect(logger.lines, host.name).not.toEqual([]);
      expect(logger.text, host.name).not.toContain("s3cr3t");
    }
  });

  it("if a request is refused", async () => {
    const logger = new MemoryLogger();
    server = await listen(fromWsgi(failing, { logger }));
    for (const line of ["Host: two", "Transfer-Encoding: gzip, chunked", "Content-Type: a\r\nContent-Type: b"]) {
      await raw(server.port, `POST / HTTP/1.1\r\nHost: one\r\n${CONFIDED}${line}\r\n\r\n`);
    }
    expect(logger.text).not.toContain("s3cr3t");
  });

  it("if a Python app fails", async () => {
    const { port, logger } = await hostPython("hostile:application");
    for (const target of ["/secret", "/value?%0a", "/break", "/truncated"]) await rawGet(port, target, CONFIDED);
    await logger.said("too late");
    expect(logger.text).not.toContain("s3cr3t");
  });

  it("and it contains no terminal control sequences", async () => {
    const logger = new MemoryLogger();
    server = await listen(
      fromWsgi(
        (environ) => {
          environ["wsgi.errors"].write(`agent ${environ.HTTP_USER_AGENT}\n`);
          throw new Error(`agent ${environ.HTTP_USER_AGENT}`);
        },
        { logger },
      ),
    );
    await rawGet(server.port, "/", "User-Agent: \x80\x9b31m\r\n");
    expect(logger.text).toContain("\\x9b31m");
    expect(logger.text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  });
});
