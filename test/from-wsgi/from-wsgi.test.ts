import { afterEach, describe, expect, it } from "vitest";
import { type Environ, fromWsgi, OptionError, type WsgiApp } from "../../src/index.ts";
import { bytes, signal } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, listen, raw, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const PLAIN: [string, string] = ["Content-Type", "text/plain"];
const hello: WsgiApp = (_environ, startResponse) => {
  startResponse("200 OK", [PLAIN]);
  return [bytes("hello")];
};

it("throws at once for an app that is not a function and for a logger without its methods", () => {
  expect(() => fromWsgi({} as WsgiApp)).toThrow(OptionError);
  expect(() => fromWsgi(hello, { logger: {} as never })).toThrow(/logger must have the method info/);
});

describe.each(HOSTS)("fromWsgi on $name", (host) => {
  const serve = async (app: WsgiApp, logger = new MemoryLogger()): Promise<number> => {
    server = await host.serve(app, { logger });
    return server.port;
  };

  it("ENV-01: calls the app with exactly two arguments", async () => {
    let count = 0;
    const port = await serve(((...args: Parameters<WsgiApp>) => {
      count = args.length;
      return hello(...args);
    }) as WsgiApp);
    await rawGet(port, "/");
    expect(count).toBe(2);
  });

  it("CL-01: an array of one block is the whole body, so its length is the Content-Length", async () => {
    const { head, body } = await rawGet(await serve(hello), "/");
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain("\r\nContent-Type: text/plain\r\n");
    expect(head).toMatch(/\r\nContent-Length: 5(\r\n|$)/);
    expect(body).toBe("hello");
  });

  it("CL-07: a body of unknown length is chunked on HTTP/1.1 and ends with the connection on HTTP/1.0", async () => {
    const port = await serve(function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("a");
      yield bytes("");
      yield bytes("bc");
    } as WsgiApp);
    expect((await rawGet(port, "/")).body).toBe("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    const old = await raw(port, "GET / HTTP/1.0\r\n\r\n");
    expect(old.head).not.toMatch(/Transfer-Encoding/i);
    expect(old.body).toBe("abc");
  });

  it("CL-05: cuts the body at the declared length, logs that, and closes the result", async () => {
    const logger = new MemoryLogger();
    const closed = signal();
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", "3"]]);
      return Object.assign([bytes("ab"), bytes("cd"), bytes("ef")], { close: () => closed.fire() });
    };
    const port = await serve(app, logger);
    expect((await rawGet(port, "/")).body).toBe("abc");
    await closed.promise;
    expect(logger.text).toContain("more than its Content-Length");
  });

  it("CL-04: a body shorter than declared never ends cleanly", async () => {
    const logger = new MemoryLogger();
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", "9"]]);
      return [bytes("abc")];
    };
    const port = await serve(app, logger);
    const answer = fetch(`http://127.0.0.1:${port}/`).then(async (response) => [
      response.status,
      await response.text(),
    ]);
    // On Koa, nothing may have been sent when the app ends; then Koa sends an error response.
    const outcome = await answer.catch(() => "broken off");
    expect(
      host.name.startsWith("Koa") ? ["broken off", [500, "Internal Server Error"]] : ["broken off"],
    ).toContainEqual(outcome);
    expect(await logger.said("shorter than its Content-Length")).toContain("6 bytes");
  });

  it("HDR-07: repeated header names are sent as separate fields, in order", async () => {
    const port = await serve((_environ, startResponse) => {
      startResponse("200 OK", [
        ["Set-Cookie", "a=1"],
        ["X-One", "1"],
        ["set-cookie", "b=2"],
        ["X-One", "2"],
      ]);
      return [];
    });
    const { head } = await rawGet(port, "/");
    expect(head.match(/^(set-cookie|x-one): .*$/gim)).toEqual(
      expect.arrayContaining(["Set-Cookie: a=1", "Set-Cookie: b=2", "X-One: 1", "X-One: 2"]),
    );
    expect(head.indexOf("a=1")).toBeLessThan(head.indexOf("b=2"));
  });

  it("NODE-13, HDR-09: header bytes are sent unchanged, whatever the body", async () => {
    const port = await serve((_environ, startResponse) => {
      startResponse("200 \xc3\x9c", [
        ["X-Name", "\xc3\xa9\xff"],
        ["Content-Disposition", 'attachment; filename="\xc4\x8d\xc4\x8a.txt"'],
      ]);
      return [bytes("x")];
    });
    const { head } = await rawGet(port, "/");
    expect(head).toContain("HTTP/1.1 200 \xc3\x9c\r\n");
    expect(head).toContain("\r\nX-Name: \xc3\xa9\xff\r\n");
    expect(head).toContain('filename="\xc4\x8d\xc4\x8a.txt"');
  });

  it("WRT-01, WRT-02: write() sends at once, before the blocks of the result", async () => {
    const port = await serve(async (_environ, startResponse) => {
      const write = startResponse("200 OK", [PLAIN]);
      await write(bytes("a"));
      await write(bytes("b"));
      return [bytes("c")];
    });
    expect((await rawGet(port, "/")).body).toBe("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n");
  });

  it("ITER-02: a block is sent before the next one is requested", async () => {
    const received = signal();
    const port = await serve(async function* (_environ: Environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("first");
      await received.promise;
      yield bytes("second");
    } as WsgiApp);
    const socket = await rawConnection(port, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    await brought(socket, "first");
    received.fire();
    await brought(socket, "second");
  });

  it("ITER-04: no block is requested while the client does not read", async () => {
    const block = Buffer.alloc(64 * 1024);
    let pulled = 0;
    const stalled = signal();
    const port = await serve(async function* (_environ: Environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      for (; pulled < 10_000; pulled += 1) {
        clearTimeout(timer);
        timer = setTimeout(stalled.fire, 300);
        yield block;
      }
    } as WsgiApp);
    let timer: NodeJS.Timeout | undefined;
    const socket = await rawConnection(port, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    socket.pause();
    await stalled.promise;
    expect(pulled).toBeLessThan(1000);
    socket.destroy();
  });

  it("INP-01: the app reads the body that the client sent", async () => {
    const port = await serve(async (environ, startResponse) => {
      const body = await environ["wsgi.input"].read();
      startResponse("200 OK", [PLAIN]);
      return [bytes(`${environ.CONTENT_LENGTH}:`), body];
    });
    const body = "x".repeat(300_000);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
    expect(await answer.text()).toBe(`300000:${body}`);
  });

  it("EXC-02: if an app fails before its head, the client gets a 500 without any text of the app", async () => {
    const logger = new MemoryLogger();
    const closed = signal();
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [["Set-Cookie", "secret=1"]]);
      const result = {
        *[Symbol.iterator]() {
          yield bytes("");
          throw new Error("the reason");
        },
        close: () => closed.fire(),
      };
      return result;
    };
    const port = await serve(app, logger);
    const { head, body } = await rawGet(port, "/");
    await closed.promise;
    expect(head).toMatch(/^HTTP\/1\.1 500 /);
    expect(head).not.toContain("secret");
    if (!host.framework) {
      expect(body).toBe("");
      expect(logger.text).toContain("the reason");
    }
  });

  it("EXC-03: if an app fails after its head, the connection is destroyed", async () => {
    const logger = new MemoryLogger();
    const port = await serve(
      function* (_environ, startResponse) {
        startResponse("200 OK", [PLAIN]);
        yield bytes("begun");
        throw new Error("too late");
      } as WsgiApp,
      logger,
    );
    const { text } = await rawGet(port, "/");
    expect(text).not.toContain("0\r\n\r\n");
    expect(await logger.said("too late")).toContain("GET /");
  });

  it("SEC-21: on HTTP/1.0, an aborted body ends with a reset, because nothing else can show it", async () => {
    const received = signal();
    const port = await serve(async function* (_environ: Environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("begun");
      await received.promise; // a Node client that has not read anything yet would take the reset for a normal end
      throw new Error("too late");
    } as WsgiApp);
    const socket = await rawConnection(port, "GET / HTTP/1.0\r\n\r\n");
    const reset = new Promise<Error>((resolve) => socket.on("error", resolve));
    await brought(socket, "begun");
    received.fire();
    expect(await reset).toMatchObject({ code: "ECONNRESET" });
  });

  it("ITER-05, ITER-13, NODE-20: if the client disconnects, close() is called once, even between two blocks", async () => {
    const closed = signal();
    let closes = 0;
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [PLAIN]);
      return {
        async *[Symbol.asyncIterator]() {
          yield bytes("begun");
          await new Promise(() => undefined); // never
        },
        close() {
          closes += 1;
          closed.fire();
        },
      };
    };
    const logger = new MemoryLogger();
    const socket = await rawConnection(await serve(app, logger), "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    await brought(socket, "begun");
    socket.destroy();
    await closed.promise;
    expect(closes).toBe(1);
    expect(logger.lines).toEqual([]); // EXC-04: a disconnect is not an error
  });

  it("ERR-03, ERR-05: wsgi.errors reaches the log in whole lines, without control characters", async () => {
    const logger = new MemoryLogger();
    const app: WsgiApp = (environ, startResponse) => {
      environ["wsgi.errors"].write("one");
      environ["wsgi.errors"].writelines([" line\nand ", "\x1b[31man unfinished one"]);
      return hello(environ, startResponse);
    };
    await rawGet(await serve(app, logger), "/");
    const lines = logger.lines.map((line) => line.replace(/^\[\d+\] /, ""));
    expect(lines).toEqual(["one line", "and \\x1b[31man unfinished one"]);
  });
});

it("EXC-06: if the error response fails, the connection is closed and the process stays alive", async () => {
  const logger = new MemoryLogger();
  const failing = fromWsgi(
    () => {
      throw new Error("first");
    },
    { logger },
  );
  server = await listen((req, res) => {
    if (req.url === "/fails") {
      failing(req, res, () => {
        throw new Error("second");
      });
    } else {
      fromWsgi(hello)(req, res);
    }
  });
  expect((await rawGet(server.port, "/fails")).text).toBe("");
  expect(logger.text).toContain("second");
  expect((await rawGet(server.port, "/")).body).toBe("hello");
});
