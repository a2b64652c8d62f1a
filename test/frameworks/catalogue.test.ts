/** What frameworks require of their server, trust it with, or do themselves (FRM). Knows nothing of their pages. */
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AppImportError, type FromWsgiOptions, fromWsgi } from "../../src/index.ts";
import { hostPython, startPython } from "../support/python.ts";
import { listen, raw, rawGet } from "../support/server.ts";
import { listenOn, rawTo, temporaryFolder } from "../support/transports.ts";

/** Serves the app with these options and returns the JSON of its response. */
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
  ["no content in chunks", `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, ""],
];

describe("WebOb and Pyramid", () => {
  it.each(BODIES)(
    "FRM-06: gives WebOb a dict for the environ, and reads a body with %s twice",
    async (_, request, body) => {
      const { port } = await hostPython("trusting:webob", { threads: 1 });
      for (const _time of [1, 2]) {
        const answer = await raw(port, `POST /a%20b HTTP/1.1\r\n${request}`);
        expect(JSON.parse(answer.body)).toEqual({
          dict: true,
          left: [], // the keys that WebOb had put into the environ of the previous request
          readable: true, // WebOb reads a body only with CONTENT_LENGTH or wsgi.input_terminated
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

  it.each(BODIES)("FRM-06: lets Pyramid read a body with %s", async (_, request, body) => {
    const { port } = await hostPython("trusting:pyramid");
    const answer = await raw(port, `POST /one/%D0%B6 HTTP/1.1\r\n${request}`);
    expect(JSON.parse(answer.body)).toEqual({ name: "\u0436", body, url: "http://shop.example/one/x" });
  });
});

describe("the headers of proxies", () => {
  const SPOOFED =
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-For: 192.0.2.66\r\nForwarded: for=192.0.2.66\r\n";

  it("FRM-07: passes them to Bottle, which trusts them by default, but not with stripForwarded", async () => {
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
  it("FRM-14: lets no header name a user for Django's RemoteUserMiddleware, in any spelling", async () => {
    const spoofed = "Remote-User: root\r\nREMOTE_USER: root\r\nRemote_User: root\r\nX-Remote-User: root\r\n";
    expect(await ask("trusting:django", {}, spoofed)).toEqual({ user: "" });
  });

  it("FRM-14: passes the user of the option environ to Django's RemoteUserMiddleware", async () => {
    const environ = () => ({ REMOTE_USER: "zoe" });
    expect(await ask("trusting:django", { environ }, "Remote-User: root\r\n")).toEqual({ user: "zoe" });
  });

  it("FRM-18: names no user for the peer of a Unix socket, which may be Node itself", async () => {
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
    "FRM-16: runs only the app of %s, without its server, reloader and debugger",
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
    "FRM-16: refuses a module that starts the reloader of %s, and shows where",
    async (name) => {
      const app = startPython(`reloading_${name}:app`);
      const error = await app.ready().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AppImportError);
      expect((error as AppImportError).traceback).toMatch(/reloading_\w+\.py", line \d+[\s\S]*\brun\(app|app\.run\(/);
    },
  );
});
