/** What real frameworks demand of their server, believe of it, or do on their own (FRM). Knows no page of theirs. */
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AppImportError, type FromWsgiOptions, fromWsgi } from "../../src/index.ts";
import { hostPython, startPython } from "../support/python.ts";
import { listen, raw, rawGet } from "../support/server.ts";
import { listenOn, rawTo, temporaryFolder } from "../support/transports.ts";

/** The app behind a server with these options, and the JSON that it answers. */
async function ask(target: string, options: FromWsgiOptions, headers: string): Promise<unknown> {
  const app = startPython(target);
  const server = await listen(fromWsgi(app, { logger: app.logger, ...options }));
  onTestFinished(() => server.close());
  return JSON.parse((await rawGet(server.port, "/", headers)).body);
}

const POST = "Host: shop.example\r\nConnection: close\r\n";
const BODIES: [how: string, request: string, body: string][] = [
  ["a length", `${POST}Content-Length: 5\r\n\r\nhello`, "hello"],
  ["chunks", `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, "hello"],
  ["chunks and nothing in them", `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, ""],
];

describe("WebOb and Pyramid", () => {
  it.each(BODIES)(
    "FRM-06: WebOb takes the environ for a dict, and reads a body with %s, twice",
    async (_, request, body) => {
      const { port } = await hostPython("trusting:webob", { threads: 1 });
      for (const _time of [1, 2]) {
        const answer = await raw(port, `POST /a%20b HTTP/1.1\r\n${request}`);
        expect(JSON.parse(answer.body)).toEqual({
          dict: true,
          left: [], // of what WebOb had put into the environ of the request before
          readable: true, // by CONTENT_LENGTH or wsgi.input_terminated, or WebOb would not look
          url: "http://shop.example/a%20b",
          script: "",
          path: "/a b",
          again: [body, body],
          urlvars: { id: "7" },
          user: "zoe",
        });
      }
    },
  );

  it.each(BODIES)("FRM-06: Pyramid reads a body with %s", async (_, request, body) => {
    const { port } = await hostPython("trusting:pyramid");
    const answer = await raw(port, `POST /one/%D0%B6 HTTP/1.1\r\n${request}`);
    expect(JSON.parse(answer.body)).toEqual({ name: "\u0436", body, url: "http://shop.example/one/x" });
  });
});

describe("proxies' headers", () => {
  const SPOOFED =
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-For: 192.0.2.66\r\nForwarded: for=192.0.2.66\r\n";

  it("FRM-07: Bottle believes them unasked, and with stripForwarded has none to believe", async () => {
    expect(await ask("trusting:bottle", {}, SPOOFED)).toEqual({
      url: "https://evil.example/",
      client: "192.0.2.66",
    });
    expect(await ask("trusting:bottle", { stripForwarded: true }, SPOOFED)).toEqual({
      url: "http://test/",
      client: "127.0.0.1",
    });
  });
});

describe("REMOTE_USER", () => {
  it("FRM-14: Django's RemoteUserMiddleware finds nobody in headers, however they are spelled", async () => {
    const spoofed = "Remote-User: root\r\nREMOTE_USER: root\r\nRemote_User: root\r\nX-Remote-User: root\r\n";
    expect(await ask("trusting:django", {}, spoofed)).toEqual({ user: "" });
  });

  it("FRM-14: Django's RemoteUserMiddleware finds who the option environ names", async () => {
    const environ = () => ({ REMOTE_USER: "zoe" });
    expect(await ask("trusting:django", { environ }, "Remote-User: root\r\n")).toEqual({ user: "zoe" });
  });

  it("FRM-18: the peer of a unix socket is nobody: it may be Node itself", async () => {
    const { app, port } = await hostPython("mirror:application");
    const path = join(temporaryFolder(), "wsgi.sock");
    await listenOn(createServer(fromWsgi(app)), { path });
    const request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    for (const answer of [await rawTo({ path }, request), (await rawGet(port, "/")).text]) {
      const environ = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
      expect(environ).toHaveProperty("REMOTE_ADDR");
      expect(Object.keys(environ).filter((key) => /REMOTE_USER|AUTH_TYPE|REMOTE_IDENT|PEERCRED/.test(key))).toEqual([]);
    }
  });
});

describe("development servers", () => {
  it.each(["bottle", "flask"])(
    "FRM-16: of %s the app alone is run: no server, no reloader, no debugger",
    async (name) => {
      const { port, logger } = await hostPython(`guarded:${name}`);
      expect((await rawGet(port, "/")).body).toBe("hello");
      const failed = await rawGet(port, "/fails");
      expect(failed.head).toMatch(/^HTTP\/1\.1 500 /);
      expect(failed.text).not.toMatch(/hunter2|debugger/i);
      expect(logger.text).toContain("hunter2");
      expect(logger.text).not.toMatch(/Listening|Running on|Restarting/);
    },
  );

  it.each(["bottle", "flask"])(
    "FRM-16: a module that starts %s's reloader is refused, and the error shows where",
    async (name) => {
      const app = startPython(`reloading_${name}:app`);
      const error = await app.ready().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AppImportError);
      expect((error as AppImportError).traceback).toMatch(/reloading_\w+\.py", line \d+[\s\S]*\brun\(app|app\.run\(/);
    },
  );
});
