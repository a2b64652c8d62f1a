/** `serveFastcgi` as a web server sees it: records over real sockets. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { pair, readPairs, record, stream } from "../../../src/fastcgi/records.ts";
import type { ServeFastcgiOptions } from "../../../src/servers/fastcgi/options.ts";
import type { Environ, WsgiApp } from "../../../src/wsgi/types.ts";
import { seeded } from "../../support/raw-mutations.ts";
import { latin1 } from "../../support/records.ts";
import { begin, GET, hello, params, request, serve, stdin, type Vars } from "../../support/web-server.ts";

const echo: WsgiApp = async (environ, start) => {
  const body = await environ["wsgi.input"].read();
  start("200 OK", []);
  return [body];
};
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
async function environOf(vars: Vars, options: ServeFastcgiOptions = {}): Promise<Environ> {
  let seen: Environ | undefined;
  const { open } = await serve((environ, start) => {
    seen = environ;
    return hello(environ, start);
  }, options);
  await (await open()).answer(request(vars));
  if (seen === undefined) throw new Error("the app was not called");
  return seen;
}

describe("records", () => {
  it("a response is a CGI head and a body in STDOUT, and END_REQUEST; the connection is reused", async () => {
    const client = await (await serve(hello)).open();
    const whole = "Status: 200 OK\r\nX-A: \xe9\r\nContent-Length: 5\r\n\r\nhello";
    expect(await client.answer()).toBe(whole);
    expect(await client.answer(request({}, "", 77))).toBe(whole);
    expect(client.ends).toEqual([
      [1, 0, 0],
      [77, 0, 0],
    ]);
    expect(client.closed).toBe(false);
  });

  it("without KEEP_CONN the connection is closed after the response", async () => {
    const client = await (await serve(hello)).open();
    client.send(begin(1, 0) + params(GET) + stdin(""));
    await client.until(() => client.closed);
    expect(client.out).toContain("hello");
    expect(client.ends).toEqual([[1, 0, 0]]);
  });

  it("GET_VALUES is answered with the known values, other management records with UNKNOWN_TYPE", async () => {
    const client = await (await serve(hello, { maxConnections: 9 })).open();
    const names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "FCGI_OTHER"].map((name) => pair(name, ""));
    client.send(record(9, 0, names.join("")) + record(99, 0, ""));
    await client.until(() => client.others.length === 2);
    expect(client.others[0]?.[0]).toBe(10);
    expect(Object.fromEntries(readPairs(client.others[0]?.[1] as Buffer))).toEqual({
      FCGI_MAX_CONNS: "9",
      FCGI_MAX_REQS: "9",
      FCGI_MPXS_CONNS: "0",
    });
    expect(client.others[1]).toEqual([11, Buffer.from([99, 0, 0, 0, 0, 0, 0, 0])]);
  });

  it("another role gets UNKNOWN_ROLE, a second request on a busy connection CANT_MPX_CONN", async () => {
    const client = await (await serve(echo)).open();
    client.send(
      begin(1, 1, 2) + begin(5) + params({ ...GET, CONTENT_LENGTH: "2" }, 5) + begin(6) + stdin("ok", 5) + stdin("", 5),
    );
    await client.until(() => client.ends.length === 3);
    expect(client.ends).toEqual([
      [1, 0, 3],
      [6, 0, 1],
      [5, 0, 0],
    ]);
    expect(client.out).toMatch(/ok$/);
  });

  it("ABORT_REQUEST closes the result, fails the body, and leaves the connection for the next request", async () => {
    const heard: string[] = [];
    const { open, logger } = await serve(async (environ, start) => {
      if (environ.PATH_INFO === "/a") return hello(environ, start);
      await environ["wsgi.input"].read().catch((error: Error) => heard.push(error.name));
      return Object.assign([], { close: () => void heard.push("close") });
    });
    const client = await open();
    client.send(begin() + params({ ...GET, SCRIPT_NAME: "/b", CONTENT_LENGTH: "9" }) + stdin("x") + record(2, 1, ""));
    await client.until(() => client.ends.length === 1);
    expect(await client.answer()).toContain("hello");
    expect(client.ends).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    expect(heard).toEqual(["ClientDisconnectError", "close"]);
    expect(logger.lines).toEqual([]);
  });

  it.each([
    ["a version that is not 1", "\x02\x01\0\x01\0\0\0\0"],
    ["STDIN before PARAMS ended", begin() + stdin("x")],
    ["a pair that is longer than its record", begin() + record(4, 1, "\x09\x09ab") + record(4, 1, "")],
    ["a request that begins twice", begin() + begin()],
    ["STDOUT", record(6, 1, "x")],
    ["a request without an id", begin(0)],
  ])("%s closes its connection, and no other", async (_name, bytes) => {
    const { open, logger } = await serve(hello);
    const [bad, good] = [await open(), await open()];
    bad.send(bytes);
    await bad.until(() => bad.closed);
    expect(logger.text).toContain("violated the FastCGI protocol");
    expect(await good.answer()).toContain("hello");
  });

  it("parameters over 512 KiB get a 431, and the connection is closed", async () => {
    const client = await (await serve(hello)).open();
    client.send(begin() + stream(4, 1, "x".repeat(600_000)));
    await client.until(() => client.closed);
    expect(client.out).toContain("Status: 431");
  });

  it("WRK-05: 100,000 damaged records: whatever comes, the server serves the next connection", async () => {
    const { open, logger } = await serve(echo);
    const random = seeded(20_261_124);
    const below = (bound: number): number => Math.floor(random() * bound);
    const whole = request({ CONTENT_LENGTH: "4" }, "body") + record(9, 0, pair("FCGI_MAX_CONNS", "")) + request();
    for (let records = 0; records < 100_000; ) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => open()));
      for (const client of clients) {
        let text = whole + whole;
        records += 22;
        for (let changes = 1 + below(3); changes > 0; changes -= 1) {
          const at = below(text.length);
          text = text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + below(3));
        }
        client.socket.end(latin1(text));
      }
      for (const client of clients) await client.until(() => client.closed);
    }
    expect(logger.text).toContain("violated the FastCGI protocol");
    expect(await (await open()).answer()).toContain("Status: 200 OK");
  });
});

describe("bodies", () => {
  it("a response and a body of megabytes are sent with back-pressure", async () => {
    const client = await (await serve(echo)).open();
    const body = "0123456789".repeat(300_000);
    const answer = await client.answer(request({ CONTENT_LENGTH: String(body.length) }, body));
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe(body);
  });

  it("a body that ends before its CONTENT_LENGTH is a disconnect; an empty CONTENT_LENGTH means no body", async () => {
    const seen: string[] = [];
    const client = await (
      await serve(async (environ, start) => {
        seen.push(String(environ.CONTENT_LENGTH));
        await environ["wsgi.input"].read().catch((error: Error) => seen.push(error.name));
        return hello(environ, start);
      })
    ).open();
    await client.answer(request({ CONTENT_LENGTH: "9" }, "short"));
    await client.answer(request({ CONTENT_LENGTH: "" }));
    expect(seen).toEqual(["9", "ClientDisconnectError", "undefined"]);
  });

  it("a body that ends before its CONTENT_LENGTH is a 400 if the app does not answer, and the connection is reused", async () => {
    const { open, logger } = await serve(echo);
    const client = await open();
    expect(await client.answer(request({ CONTENT_LENGTH: "9" }, "short"))).toMatch(/^Status: 400 Bad Request\r\n/);
    expect(await client.answer(request({ CONTENT_LENGTH: "5" }, "whole", 2))).toContain("whole");
    expect(client.ends).toEqual([
      [1, 0, 0],
      [2, 0, 0],
    ]);
    expect(logger.lines).toEqual([]);
  });

  it("a body that ends too soon after the app has begun its response breaks the connection", async () => {
    const { open } = await serve((environ, start) => {
      start("200 OK", []);
      return (async function* () {
        yield Buffer.from("begun");
        yield await environ["wsgi.input"].read();
      })();
    });
    const client = await open();
    client.send(request({ CONTENT_LENGTH: "9" }, "short"));
    await client.until(() => client.closed);
    expect(client.ends).toEqual([]);
  });

  it("ISO-03: reading an incomplete body after its request fails, and never reads a later request's body", async () => {
    let late: Promise<unknown> | undefined;
    const { open } = await serve((environ, start) => {
      if (environ.CONTENT_LENGTH === "9") late = Promise.resolve(environ["wsgi.input"]);
      start("200 OK", []);
      return [Buffer.from("ok")];
    });
    const client = await open();
    await client.answer(begin(1) + params({ ...GET, CONTENT_LENGTH: "9" }) + stdin("abc"));
    client.send(stdin("defghi") + stdin(""));
    await client.answer(request({ CONTENT_LENGTH: "4" }, "next", 2));
    const input = (await late) as Environ["wsgi.input"];
    await expect(input.read()).rejects.toThrow("wsgi.input was read after its request had ended");
  });

  it.each([
    ["declared", "9"],
    ["not declared", ""],
  ])("a body over maxBodySize, its length %s, is a 413", async (_name, length) => {
    const client = await (await serve(echo, { maxBodySize: 4 })).open();
    expect(await client.answer(request({ CONTENT_LENGTH: length }, "123456789"))).toContain("Status: 413");
  });
});

describe("failures", () => {
  it("SEC-05: before the head: a bare 500, and the reason only in the log", async () => {
    const { open, logger } = await serve(() => {
      throw new Error("secret");
    });
    expect(await (await open()).answer()).toMatch(
      /^Status: 500 Internal Server Error\r\n[\s\S]*\r\n\r\nInternal Server Error\n$/,
    );
    expect(logger.text).toContain("GET /a: the application failed: Error: secret");
  });

  it("after the head: the connection breaks without END_REQUEST, so that no response looks complete", async () => {
    const { open } = await serve((_environ, start) => {
      start("200 OK", []);
      return (function* () {
        yield Buffer.from("first");
        throw new Error("late");
      })();
    });
    const client = await open();
    await client.answer();
    expect(client.closed).toBe(true);
    expect(client.ends).toEqual([]);
  });

  it("a client that leaves closes the result", async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { open, logger } = await serve((_environ, start) => {
      start("200 OK", []);
      const blocks = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from("first");
        await gone;
      };
      return Object.assign(blocks(), { close: () => closed() });
    });
    const client = await open();
    client.send(request());
    await client.until(() => client.out.includes("first"));
    client.socket.destroy();
    await gone;
    expect(logger.lines).toEqual([]);
  });

  it("a web server that stalls in its parameters is disconnected after idleTimeout", async () => {
    const client = await (await serve(hello, { idleTimeout: 20 })).open();
    client.send(begin());
    await client.until(() => client.closed);
    expect(client.ends).toEqual([]);
  });
});

describe("the environ", () => {
  it.each<[string, Vars, ServeFastcgiOptions, Vars]>([
    [
      "nginx: SCRIPT_NAME is the path",
      { SCRIPT_NAME: "/a b/c", REQUEST_URI: "/a%20b/c?x=1", QUERY_STRING: "x=1" },
      {},
      { SCRIPT_NAME: "", PATH_INFO: "/a b/c", REQUEST_URI: "/a%20b/c?x=1" },
    ],
    ["lighttpd: SCRIPT_NAME is /", { SCRIPT_NAME: "/", PATH_INFO: "/a" }, {}, { SCRIPT_NAME: "", PATH_INFO: "/a" }],
    [
      "only REQUEST_URI has a path",
      { SCRIPT_NAME: "", REQUEST_URI: "/x%41?q" },
      {},
      { PATH_INFO: "/xA", QUERY_STRING: "q" },
    ],
    ["a mount", { SCRIPT_NAME: "/shop/a" }, { scriptName: "/shop" }, { SCRIPT_NAME: "/shop", PATH_INFO: "/a" }],
    [
      "the path is the one that the web server has rewritten",
      { SCRIPT_NAME: "/b", REQUEST_URI: "/a" },
      {},
      { PATH_INFO: "/b", REQUEST_URI: "/a" },
    ],
    ["HTTPS", { HTTPS: "on", SERVER_PORT: "" }, {}, { "wsgi.url_scheme": "https", SERVER_PORT: "443", HTTPS: "on" }],
    [
      "REMOTE_USER",
      { REMOTE_USER: "ann", SSL_PROTOCOL: "TLSv1.3" },
      {},
      { REMOTE_USER: "ann", SSL_PROTOCOL: "TLSv1.3" },
    ],
    ["the length comes twice", { HTTP_CONTENT_LENGTH: "0", CONTENT_LENGTH: "0" }, {}, { CONTENT_LENGTH: "0" }],
  ])("%s", async (_name, vars, options, expected) => {
    expect(await environOf(vars, options)).toMatchObject(expected);
  });

  it("SEC-01, WRK-01: it has neither HTTP_PROXY nor variables that control other servers", async () => {
    const names = ["HTTP_PROXY", "PHP_VALUE", "PHP_ADMIN_VALUE", "UWSGI_FILE", "SCRIPT_FILENAME", "HTTP_CONNECTION"];
    const environ = await environOf(Object.fromEntries(names.map((name) => [name, "x"])));
    expect(names.filter((name) => name in environ)).toEqual([]);
  });

  it.each([
    ["no method", { REQUEST_METHOD: "" }, 400],
    ["a path outside the mount", { SCRIPT_NAME: "/shopping" }, 400],
    ["a line end in a header", { HTTP_X: "a\nb" }, 400],
    ["an invalid Host", { HTTP_HOST: "a b" }, 400],
    ["too many headers", Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`HTTP_X${i}`, "x"])), 431],
  ])("%s is refused before the app", async (_name, vars, status) => {
    const client = await (await serve(hello, { scriptName: "/shop" })).open();
    expect(await client.answer(request({ SCRIPT_NAME: "/shop/a", ...vars }))).toContain(`Status: ${status}`);
  });
});

describe("where it listens", () => {
  it("a unix socket has mode 0600 or that of the option, and is gone after close()", async () => {
    const path = join(folder(), "app.sock");
    const first = await serve(hello, {}, path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await (await first.open()).answer()).toContain("hello");
    await first.close();
    expect(() => statSync(path)).toThrow("ENOENT");
    await serve(hello, { mode: 0o660 }, `unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it("a dead server's socket is replaced; a live one and another file are not", async () => {
    const at = folder();
    const [dead, live, file] = ["dead", "live", "file"].map((name) => join(at, name)) as [string, string, string];
    const { execFileSync } = await import("node:child_process");
    const code = `require("node:net").createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(() => execFileSync(process.execPath, ["-e", code], { stdio: "ignore", timeout: 10_000 })).toThrow();
    expect(statSync(dead).isSocket()).toBe(true);
    expect(await (await (await serve(hello, {}, dead)).open()).answer()).toContain("hello");
    const other = createServer().listen(live);
    onTestFinished(() => void other.close());
    await once(other, "listening");
    await expect(serve(hello, {}, live)).rejects.toThrow("another server listens");
    writeFileSync(file, "");
    await expect(serve(hello, {}, file)).rejects.toThrow("is not a socket");
  });

  it("a folder that all users can write to, and an address that other machines can reach, are rejected", async () => {
    const at = folder();
    chmodSync(at, 0o777);
    await expect(serve(hello, {}, join(at, "app.sock"))).rejects.toThrow("is writable by all users");
    await expect(serve(hello, {}, { port: 0, host: "0.0.0.0" })).rejects.toThrow("allowRemote");
    const { open, address } = await serve(hello, { allowRemote: true }, { port: 0, host: "0.0.0.0" });
    expect(address).toMatch(/^0\.0\.0\.0:\d+$/);
    expect(await (await open()).answer()).toContain("hello");
  });

  it("close() waits for a running request, closes idle connections, and may be called twice", async () => {
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let called: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      called = resolve;
    });
    const { open, close } = await serve(
      async (environ, start) => {
        called();
        await held;
        return hello(environ, start);
      },
      { gracefulTimeout: 10_000 },
    );
    const [idle, busy] = [await open(), await open()];
    busy.send(request());
    await begun;
    const closing = [close(), close()];
    await idle.until(() => idle.closed);
    go();
    await Promise.all(closing);
    await busy.until(() => busy.closed);
    expect(busy.out).toContain("hello");
  });
});
