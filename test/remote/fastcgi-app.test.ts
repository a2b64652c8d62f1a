/** A request's way to a FastCGI server and the response's way back, on real sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { UpstreamError } from "../../src/errors.ts";
import { ProtocolStatus } from "../../src/fastcgi/records.ts";
import { parseHead } from "../../src/wsgi/response-head.ts";
import type { WsgiApp } from "../../src/wsgi/types.ts";
import { Played, pieces, play } from "../support/calls.ts";
import { FastcgiServer, type ServedRequest } from "../support/fastcgi-server.ts";
import { endRequest, exception, stderr, stdout } from "../support/records.ts";
import { remote } from "../support/remote.ts";

const OK = "Status: 200 OK\r\n\r\n";

/** Plays one request against a server that answers with these records. */
async function answered(...records: string[]): Promise<Played & { body: string }> {
  const server = await FastcgiServer.start((request) => request.send(...records));
  return play(remote(server.address));
}

describe("a request", () => {
  it("is sent as CGI variables, with the mount path and the path unchanged", async () => {
    const server = await FastcgiServer.start((request) => request.reply());
    await play(remote(server.address), { rawHeaders: ["Host", "h", "X-A", "b", "Cookie", "c=d"] });
    expect(Object.fromEntries((server.requests[0] as ServedRequest).params)).toEqual({
      REQUEST_METHOD: "GET",
      SCRIPT_NAME: "/m",
      PATH_INFO: "/a",
      QUERY_STRING: "b=c",
      REQUEST_URI: "/m/a?b=c",
      RAW_URI: "/m/a?b=c",
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: "8080",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_SOFTWARE: "wsgi-bridge",
      GATEWAY_INTERFACE: "CGI/1.1",
      REMOTE_ADDR: "192.0.2.1",
      REMOTE_PORT: "49152",
      HTTP_HOST: "h",
      HTTP_X_A: "b",
      HTTP_COOKIE: "c=d",
    });
  });

  it("FRM-04: with a body of unknown length is spooled, and has a true CONTENT_LENGTH", async () => {
    const server = await FastcgiServer.start((request) => request.reply(request.body));
    const app = remote(server.address, { spoolThreshold: 4 });
    expect((await play(app, { method: "POST", input: pieces("abc", "defg", "h") })).body).toBe("abcdefgh");
    expect(server.requests[0]?.params.get("CONTENT_LENGTH")).toBe("8");
  });

  it.each([
    ["of 1 MB", "0123456789".repeat(100_000)],
    ["that is empty", ""],
  ])("with a body %s brings all of it", async (_what, body) => {
    const server = await FastcgiServer.start((request) => request.reply());
    await play(remote(server.address), { method: "POST", body });
    expect(server.requests[0]?.body === body).toBe(true);
    expect(server.requests[0]?.params.get("CONTENT_LENGTH")).toBe(String(body.length));
  });

  it("SEC-15: with a body beyond maxBodySize gets a 413, and nothing is sent", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { maxBodySize: 3 });
    await expect(play(app, { method: "POST", body: "abcd" })).rejects.toMatchObject({ status: 413 });
    expect(server.connections).toBe(0);
  });

  it.each([
    "UWSGI_FILE",
    "UWSGI_SCRIPT",
    "uwsgi_pyhome",
    "PHP_VALUE",
    "PHP_ADMIN_VALUE",
    "SCRIPT_FILENAME",
    "PATH_TRANSLATED",
    "DOCUMENT_ROOT",
    "DOCUMENT_URI",
    "CONTEXT_DOCUMENT_ROOT",
    "REDIRECT_STATUS",
    "ORIG_PATH_INFO",
    "FCGI_ROLE",
    "HTTP_PROXY",
  ])("WRK-01: %s does not travel, whoever put it into the environ", async (key) => {
    const server = await FastcgiServer.start((request) => request.reply());
    await play(remote(server.address), { keys: { [key]: "x", "my.key": "kept" } });
    const { params } = server.requests[0] as ServedRequest;
    expect(params.has(key)).toBe(false);
    expect(params.get("my.key")).toBe("kept");
  });

  it("SEC-02: no header becomes a variable that controls the server", async () => {
    const server = await FastcgiServer.start((request) => request.reply());
    const rawHeaders = ["Host", "h", "PHP_VALUE", "x", "Script-Filename", "x", "Uwsgi-File", "x", "Proxy", "x"];
    await play(remote(server.address), { rawHeaders });
    const keys = [...(server.requests[0] as ServedRequest).params.keys()];
    expect(keys.filter((key) => /PHP|SCRIPT_F|UWSGI|PROXY/.test(key))).toEqual([
      "HTTP_SCRIPT_FILENAME",
      "HTTP_UWSGI_FILE",
    ]);
  });

  it("to PHP names the script of the option, and no other", async () => {
    const server = await FastcgiServer.start((request) => request.reply());
    const app = remote(server.address, { scriptFilename: "/srv/index.php" });
    await play(app, { keys: { SCRIPT_FILENAME: "/etc/passwd", DOCUMENT_ROOT: "/" } });
    expect(Object.fromEntries((server.requests[0] as ServedRequest).params)).toMatchObject({
      SCRIPT_FILENAME: "/srv/index.php",
      DOCUMENT_ROOT: "/srv",
      SCRIPT_NAME: "/m/index.php",
      PATH_INFO: "/a",
    });
  });

  it("ENV-20: with a string of characters above U+00FF fails, and the error names the key", async () => {
    const server = await FastcgiServer.start();
    const call = { keys: { "my.key": "\u0436" } };
    await expect(play(remote(server.address), call)).rejects.toThrow("environ.my.key");
    expect(server.connections).toBe(0);
  });
});

describe("an address", () => {
  it("may be a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "remote-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "fcgi.sock");
    await FastcgiServer.start((request) => request.reply("hello"), path);
    expect((await play(remote(`unix:${path}`))).body).toBe("hello");
  });

  it("may be a host and a port", async () => {
    const server = await FastcgiServer.start((request) => request.reply("hello"));
    expect((await play(remote({ host: "127.0.0.1", port: server.port }))).body).toBe("hello");
  });
});

describe("a response", () => {
  it.each([
    ["with a status", "Status: 404 Not Found\r\nX-A: b\r\n\r\n", "404 Not Found", [["X-A", "b"]]],
    ["without a status", "X-A: b\r\n\r\n", "200 OK", [["X-A", "b"]]],
    ["with a status without a reason", "Status: 404\r\n\r\n", "404 ", []],
    ["that redirects", "Location: /b\r\n\r\n", "302 Found", [["Location", "/b"]]],
    ["with PHP's own header", "X-Powered-By: PHP/8\r\n\r\n", "200 OK", [["X-Powered-By", "PHP/8"]]],
    ["with the server's own fields", "Connection: close\r\nKeep-Alive: 5\r\nX-A: b\r\n\r\n", "200 OK", [["X-A", "b"]]],
    [
      "with cookies",
      "Set-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
      "200 OK",
      [
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
    ],
  ])("%s is told as WSGI tells it", async (_what, head, status, headers) => {
    const played = await answered(stdout(`${head}body`), endRequest());
    expect(played.heads).toEqual([{ status, headers }]);
    expect(played.body).toBe("body");
  });

  it("is complete whatever appStatus the application ends with (FastCGI 1.0 §5.5)", async () => {
    expect((await answered(stdout(`${OK}body`), endRequest(255))).body).toBe("body");
  });

  it("SEC-19: the server's STDERR goes to wsgi.errors, and not to the client", async () => {
    const played = await answered(stderr("PHP Warning: \xc3"), stderr("\xa9"), stdout(`${OK}body`), endRequest());
    expect(played.log.join("")).toBe("PHP Warning: é");
    expect(played.body).toBe("body");
  });

  it("SEC-17: waits while the client does not read, and is complete in the end", async () => {
    const block = "0123456789".repeat(6_000);
    const server = await FastcgiServer.start((request) => {
      request.send(stdout(OK));
      for (let i = 0; i < 200; i += 1) request.send(stdout(block));
      request.send(endRequest());
    });
    const played = new Played(remote(server.address));
    expect((await played.next())?.length).toBeGreaterThan(0);
    const { socket } = await server.request(0);
    expect(socket.writableLength).toBeGreaterThan(0); // 12 MB are more than the app may buffer
    const rest = await played.rest();
    expect(rest.join("").length).toBeGreaterThan(11_000_000);
    expect(rest.join("").endsWith(block)).toBe(true);
  });

  it.each([
    ["an invalid status", "Status: 100 Continue\r\n\r\n"],
    ["a status with a control character", "Status: 200 O\x07K\r\n\r\n"],
    ["CVE-2023-27522: a header with a control character", "X-A: b\rX-B: c\r\n\r\n"],
    ["an invalid header name", "X A: b\r\n\r\n"],
    ["CVE-2024-24795: two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ])("SEC-06: with %s is a 502, and the client sees nothing of it", async (_what, head) => {
    const server = await FastcgiServer.start((request) => request.send(stdout(`${head}body`), endRequest()));
    await expect(playChecked(remote(server.address))).rejects.toMatchObject({ name: "UpstreamError", status: 502 });
  });

  it.each([
    ["bytes that are not FastCGI", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["a line that is not a header field", stdout("nonsense\r\n\r\n")],
    ["an exception record, which only workers of this package send", exception("E", "t")],
    ["another request's record", stdout(OK).replace("\x06\0\x01", "\x06\0\x02")],
    ["an end that is too short", `${endRequest().slice(0, 4)}\0\x01\0\0x`],
  ])("WRK-05: of %s closes its connection, and is a 502 that names the server", async (_what, records) => {
    const server = await FastcgiServer.start((request) => request.send(records));
    const failed = play(remote(server.address), { method: "POST" });
    await expect(failed).rejects.toThrow(UpstreamError);
    await expect(failed).rejects.toThrow(server.address);
    await server.quiet();
  });

  it.each([
    ["without a head", [endRequest()]],
    ["of a server that does not know the role", [endRequest(0, ProtocolStatus.UNKNOWN_ROLE)]],
  ])("%s is a 502", async (_what, records) => {
    await expect(answered(...records)).rejects.toMatchObject({ status: 502 });
  });
});

/** Plays an app and checks its response heads, as every host of this package does. */
function playChecked(app: WsgiApp): Promise<Played> {
  return play((environ, startResponse) =>
    app(environ, (status, headers) => {
      parseHead(status, headers);
      return startResponse(status, headers);
    }),
  );
}
