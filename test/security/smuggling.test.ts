import { createServer, type RequestListener } from "node:http";
import express5 from "express";
import { afterEach, describe, expect, it } from "vitest";
import { fromWsgi } from "../../src/index.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { CANARY, INVALID, Recorder } from "../support/raw-requests.ts";
import { brought, listen, raw, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const quiet = { logger: new MemoryLogger() };

/** All invalid requests whose name matches; `test/conformance/requests.test.ts` sends them to servers unchanged. */
function invalid(pattern: RegExp): [string, string][] {
  const found = INVALID.filter(({ name }) => pattern.test(name));
  return found.map(({ title, name, request }) => [`${title} (${name}.http)`, request]);
}

describe.each(HOSTS)("on $name", (host) => {
  const HOSTS_REFUSED = [
    "h/p",
    "h?q",
    "h#f",
    "u@h",
    "u:p@h",
    "h h",
    "h\\p",
    "h:80:80",
    "h:x",
    "[h",
    "[::1",
    "<h>",
    "h\xff",
    "%",
  ];
  const HOSTS_PASSED = ["h", "H.Example:1", "127.0.0.1:80", "[::1]", "[::1]:8080", "h_1", "h.", "", "h:"];

  it.each(HOSTS_REFUSED.slice(0, -1))("SEC-10: Host %j is refused, and the app is not called", async (name) => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, quiet);
    const { head } = await raw(server.port, `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(recorder.calls).toEqual([]);
  });

  it.each(HOSTS_PASSED)("SEC-10: Host %j is passed on unchanged", async (name) => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, quiet);
    await raw(server.port, `GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
    expect(recorder.calls[0]?.environ).toMatchObject({ HTTP_HOST: name });
  });

  it("SEC-12: after a refused request, nothing more is read from the connection", async () => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, quiet);
    const socket = await rawConnection(server.port, "GET /%00 HTTP/1.1\r\nHost: test\r\n\r\n");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await brought(socket, "HTTP/1.1 400 ");
    socket.write(CANARY);
    await closed;
    expect(recorder.calls).toEqual([]);
  });

  it("SEC-12: a request before the refused one gets its response", async () => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, quiet);
    const first = "POST /first HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello";
    const { text } = await raw(server.port, `${first}GET /%00 HTTP/1.1\r\nHost: test\r\n\r\n${CANARY}`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
    expect(recorder.paths).toEqual(["/first"]);
  });
});

describe("SEC-12: with insecureHTTPParser, the framing of requests is validated again", () => {
  const FRAMING =
    /^(length-and-chunked|chunked-and-length|length-(twice|list|plus|minus|hex|under)|coding-(?!folded|name-blank))/;

  it.each(invalid(FRAMING))("%s", async (_title, request) => {
    const recorder = new Recorder();
    server = await listen(createServer({ insecureHTTPParser: true }, fromWsgi(recorder.app, quiet)));
    const { head } = await raw(server.port, request + CANARY);
    expect(head).toMatch(/^HTTP\/1\.1 (400|501) /);
    expect(recorder.calls).toEqual([]);
  });
});

describe("SEC-11: a path reaches the app as the client sent it, decoded once", () => {
  const PATHS: [target: string, pathInfo: string][] = [
    ["//evil.example/%2e%2e", "//evil.example/.."],
    ["/a/../../b", "/a/../../b"],
    ["/..%2f..%2fetc/passwd", "/../../etc/passwd"],
    ["/%5c..%5c", "/\\..\\"],
    ["/..;/admin", "/..;/admin"],
    ["/%252e%252e/", "/%2e%2e/"],
    ["/ADMIN/%41dmin", "/ADMIN/Admin"],
    ["/%ff%fe", "/\xff\xfe"],
  ];

  it.each(PATHS)("%j on every host", async (target, pathInfo) => {
    for (const host of HOSTS) {
      const recorder = new Recorder();
      server = await host.serve(recorder.app, quiet);
      await rawGet(server.port, target);
      await server.close();
      expect(recorder.calls[0]?.environ, host.name).toMatchObject({ PATH_INFO: pathInfo, REQUEST_URI: target });
    }
  });

  it("the app gets the same undecoded path as a guard of Express", async () => {
    const recorder = new Recorder();
    const guarded: unknown[] = [];
    const app = express5().use((req, _res, next) => {
      guarded.push(req.path);
      next();
    });
    server = await listen(app.use(fromWsgi(recorder.app, quiet)) as RequestListener);
    for (const [target] of PATHS.slice(1)) await rawGet(server.port, target);
    expect(recorder.calls.map(({ environ }) => environ.RAW_URI)).toEqual(guarded);
  });

  it("a mount gets only paths below it, and passes them on unresolved", async () => {
    const recorder = new Recorder();
    server = await listen(express5().use("/m", fromWsgi(recorder.app, quiet)) as RequestListener);
    for (const target of ["/m/../x", "/m/%2e%2e/x", "/mm/x", "/x/../m", "/%6d/x"]) await rawGet(server.port, target);
    const places = recorder.calls.map(({ environ }) => [environ.SCRIPT_NAME, environ.PATH_INFO]);
    expect(places).toEqual([
      ["/m", "/../x"],
      ["/m", "/../x"],
    ]);
  });
});

/** Express's router sends its own 404 for such targets. */
describe.each(HOSTS.filter(({ name }) => !name.startsWith("Express")))(
  "NODE-10: an unusual target in absolute form, on $name",
  (host) => {
    it("without a path means the root, with any scheme; Koa finds no path in it, so the client gets a 400", async () => {
      const recorder = new Recorder();
      server = await host.serve(recorder.app, quiet);
      const { head } = await rawGet(server.port, "x://other.example");
      if (host.framework) {
        expect(head).toMatch(/^HTTP\/1\.1 400 /);
        expect(recorder.calls).toEqual([]);
      } else
        expect(recorder.calls[0]?.environ).toMatchObject({
          SCRIPT_NAME: "",
          PATH_INFO: "/",
          HTTP_HOST: "other.example",
        });
    });

    it.each(["http://exampl[/a", "http://exampl[", "x://exampl["])(
      "gets a 400 if its host is invalid: %s",
      async (target) => {
        const recorder = new Recorder();
        server = await host.serve(recorder.app, quiet);
        expect((await rawGet(server.port, target)).head).toMatch(/^HTTP\/1\.1 400 /);
        expect(recorder.calls).toEqual([]);
      },
    );
  },
);

describe("NODE-26: maxHeadersCount, which truncates req.headers", () => {
  it("hides no header and no body from the app", async () => {
    const recorder = new Recorder();
    const node = createServer(fromWsgi(recorder.app, quiet));
    node.maxHeadersCount = 4;
    server = await listen(node);
    const many = Array.from({ length: 8 }, (_, n) => `X-${n}: ${n}\r\n`).join("");
    const head = `POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n${many}Content-Length: 5\r\n\r\n`;
    const { head: answer } = await raw(server.port, `${head}hello`);
    const [call] = recorder.calls;
    if (call === undefined) {
      expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    } else {
      expect(call.environ).toMatchObject({ HTTP_X_7: "7", CONTENT_LENGTH: "5" });
      expect(await call.body).toBe("hello");
    }
  });
});
