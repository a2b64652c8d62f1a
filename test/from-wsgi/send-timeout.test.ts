/** ISO-07: on every host, `sendTimeout` disconnects a client that accepts no data, but not a client that is only slow. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import compression from "compression";
import express5 from "express";
import express4 from "express4";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { ClientDisconnectError, type FromWsgiOptions, fromWsgi, OptionError, type WsgiApp } from "../../src/index.ts";
import { signal } from "../support/bytes.ts";
import { ALL_HOSTS, HOSTS, type Host, HTTP2_HOST } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawConnection, type TestServer } from "../support/server.ts";
import { http2Session, makeCertificate } from "../support/transports.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GET = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
const TIMEOUT = 200;
/** The same over HTTP/2, from a client with a large flow-control window: SETTINGS, WINDOW_UPDATE, HEADERS. */
const HTTP2_GET = [
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\0\0\x06\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff",
  "\0\0\x04\x08\0\0\0\0\0\x7f\0\0\0",
  "\0\0\x09\x01\x05\0\0\0\x01\x82\x86\x84\x41\x04test",
].join("");
/** From a client whose flow-control window is 0: SETTINGS, HEADERS. */
const HTTP2_GET_WITHOUT_WINDOW = [
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0",
  "\0\0\x09\x01\x05\0\0\0\x01\x82\x86\x84\x41\x04test",
].join("");
const CUT = /^\[\d+\] GET \/: the client accepted no data for sendTimeout \(200 ms\); /;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A logger, and a promise of its first line. */
function listening(): { logger: MemoryLogger; line: Promise<string> } {
  const logger = new MemoryLogger();
  const told = signal<string>();
  const { info } = logger;
  logger.info = (text: string) => {
    info.call(logger, text);
    told.fire(text);
  };
  return { logger, line: told.promise };
}

/** An app that streams without end, and the calls of its close(). */
function endless(): { app: WsgiApp; closed: Promise<void>; closes(): number } {
  const closed = signal();
  let closes = 0;
  const app: WsgiApp = (_environ, startResponse) => {
    startResponse("200 OK", []);
    const blocks = (async function* () {
      for (;;) yield new Uint8Array(64 * KIB);
    })();
    const close = (): void => {
      closes += 1;
      closed.fire();
    };
    return { [Symbol.asyncIterator]: () => blocks, close };
  };
  return { app, closed: closed.promise, closes: () => closes };
}

const whole =
  (size: number, parts = 1): WsgiApp =>
  (_environ, startResponse) => {
    startResponse("200 OK", [["Content-Length", String(size)]]);
    return Array.from({ length: parts }, () => Buffer.alloc(size / parts));
  };

async function serve(host: Host, app: WsgiApp, options: FromWsgiOptions): Promise<number> {
  server = await host.serve(app, options);
  return server.port;
}

/** The number of bytes received until the connection ends, in whatever way. */
function rest(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    let size = 0;
    socket.on("data", (part: Buffer) => {
      size += part.length;
    });
    socket.on("error", () => undefined).on("close", () => resolve(size));
    socket.resume();
  });
}

describe.each(HOSTS)("on $name", (host) => {
  it("a client that reads nothing of a stream is disconnected, and the result is closed once", async () => {
    const { app, closed, closes } = endless();
    const { logger, line } = listening();
    const socket = await rawConnection(await serve(host, app, { logger, sendTimeout: TIMEOUT }), GET);
    socket.pause();
    await closed;
    expect(await line).toMatch(CUT);
    await rest(socket);
    expect(closes()).toBe(1);
    expect(logger.text.match(/accepted no data/g)).toHaveLength(1);
  });

  it.each([1, 4])("a client that reads nothing is disconnected after the last of %i blocks, too", async (parts) => {
    const { logger, line } = listening();
    const port = await serve(host, whole(32 * MIB, parts), { logger, sendTimeout: TIMEOUT });
    const socket = await rawConnection(port, GET);
    socket.pause();
    expect(await line).toMatch(CUT);
    expect(await rest(socket)).toBeLessThan(32 * MIB);
  });

  it("data that the client sends does not count as progress", async () => {
    const { app, closed } = endless();
    const port = await serve(host, app, { logger: new MemoryLogger(), sendTimeout: TIMEOUT });
    const socket = await rawConnection(
      port,
      GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 9999\r\n\r\n"),
    );
    socket.pause();
    const trickle = setInterval(() => socket.write("x"), TIMEOUT / 10);
    onTestFinished(() => clearInterval(trickle));
    await closed;
    socket.destroy();
  });

  it.each([1, 5])("a slow client gets all of %i blocks", async (parts) => {
    const size = 20 * MIB;
    const { logger } = listening();
    const port = await serve(host, whole(size, parts), { logger, sendTimeout: 2 * TIMEOUT });
    const socket = await rawConnection(port, GET);
    const pace = setInterval(() => socket.resume(), 4);
    onTestFinished(() => clearInterval(pace));
    socket.on("data", () => socket.pause());
    expect(await rest(socket)).toBeGreaterThan(size);
    expect(logger.text).toBe("");
  });
});

describe("on every host", () => {
  it.each(ALL_HOSTS)(
    "$name: a stream that has nothing to send is not aborted, even if its client was slow before",
    async (host) => {
      const again = signal();
      const app: WsgiApp = async function* (_environ, startResponse) {
        startResponse("200 OK", []);
        yield new Uint8Array(16 * MIB);
        await again.promise;
        yield new Uint8Array(1);
      } as WsgiApp;
      const { logger } = listening();
      const port = await serve(host, app, { logger, sendTimeout: 40 });
      const received = signal();
      let size = 0;
      const count = (part: Buffer): void => {
        size += part.length;
        if (size >= 16 * MIB) received.fire();
      };
      let ended: Promise<unknown>;
      if (host === HTTP2_HOST) {
        const stream = http2Session(`http://127.0.0.1:${port}`).request({ ":path": "/" });
        ended = once(stream.on("data", count), "close").then(() => expect(stream.rstCode).toBe(0));
      } else {
        const socket = await rawConnection(port, GET);
        ended = once(socket.on("data", count), "close");
      }
      await received.promise;
      setTimeout(() => again.fire(), 200);
      await ended;
      expect(logger.text).toBe("");
    },
  );
});

describe("on HTTP/2", () => {
  it("a stream that is not read is reset and its result closed; other streams of the connection continue", async () => {
    const { app, closed, closes } = endless();
    const { logger, line } = listening();
    const port = await serve(
      HTTP2_HOST,
      (environ, startResponse) =>
        environ.PATH_INFO === "/small" ? whole(5)(environ, startResponse) : app(environ, startResponse),
      { logger, sendTimeout: TIMEOUT },
    );
    const session = http2Session(`http://127.0.0.1:${port}`);
    const stalled = session.request({ ":path": "/" });
    stalled.on("error", () => undefined).pause();
    // Responses on the same connection do not count as progress of this stream.
    const others = setInterval(() => session.request({ ":path": "/small" }).resume(), TIMEOUT / 10);
    onTestFinished(() => clearInterval(others));
    await closed;
    expect(await line).toMatch(CUT);
    stalled.resume();
    await once(stalled, "close");
    expect(stalled.rstCode).toBe(8); // CANCEL
    expect(closes()).toBe(1);
    const small = session.request({ ":path": "/small" });
    let size = 0;
    for await (const part of small) size += (part as Buffer).length;
    expect(size).toBe(5);
  });

  it("if the whole connection accepts nothing, the result of its stream is closed, too", async () => {
    const { app, closed } = endless();
    const port = await serve(HTTP2_HOST, app, { logger: new MemoryLogger(), sendTimeout: TIMEOUT });
    const socket = await rawConnection(port, HTTP2_GET);
    socket.pause();
    await closed;
    socket.destroy();
  });

  it("a small response that does not fit into the client's window is aborted", async () => {
    const { logger, line } = listening();
    const port = await serve(HTTP2_HOST, whole(10 * KIB), { logger, sendTimeout: TIMEOUT });
    const socket = await rawConnection(port, HTTP2_GET_WITHOUT_WINDOW);
    expect(await line).toMatch(CUT);
    socket.destroy();
  });

  it.each([1, 5])("a slow client gets all of %i blocks", async (parts) => {
    const size = 20 * MIB;
    const { logger } = listening();
    const port = await serve(HTTP2_HOST, whole(size, parts), { logger, sendTimeout: TIMEOUT });
    const stream = http2Session(`http://127.0.0.1:${port}`).request({ ":path": "/" });
    const pace = setInterval(() => stream.resume(), 4);
    onTestFinished(() => clearInterval(pace));
    let received = 0;
    stream.on("data", (part: Buffer) => {
      received += part.length;
      if (received % (256 * KIB) < part.length) stream.pause();
    });
    await once(stream, "close");
    expect([received, stream.rstCode, logger.text]).toEqual([size, 0, ""]);
  });
});

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("below compression middleware, on %s", (_name, express) => {
  it.each([1, 4])("a client that reads nothing of %i blocks is disconnected", async (parts) => {
    const { logger, line } = listening();
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"]]);
      return Array.from({ length: parts }, () => randomBytes((32 * MIB) / parts));
    };
    server = await listen(express().use(compression(), fromWsgi(app, { logger, sendTimeout: TIMEOUT })));
    const socket = await rawConnection(server.port, GET.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"));
    socket.pause();
    expect(await line).toMatch(CUT);
    socket.destroy();
  });
});

describe("over TLS", () => {
  it("a slow client gets a whole block, and a client that accepts nothing is disconnected", async () => {
    const pair = makeCertificate("localhost");
    const { logger, line } = listening();
    server = await listen(createHttpsServer(pair, fromWsgi(whole(20 * MIB), { logger, sendTimeout: 2 * TIMEOUT })));
    const open = async (): Promise<Socket> => {
      const socket = connectTls({ port: (server as TestServer).port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      socket.write(GET);
      return socket;
    };
    const slow = await open();
    const pace = setInterval(() => slow.resume(), 1);
    onTestFinished(() => clearInterval(pace));
    slow.on("data", () => slow.pause());
    expect(await rest(slow)).toBeGreaterThan(20 * MIB);
    expect(logger.text).toBe("");
    const stalled = await open();
    stalled.pause();
    expect(await line).toMatch(/accepted no data/);
    stalled.destroy();
  });
});

describe("the option", () => {
  it.each([-1, 0.5, Number.POSITIVE_INFINITY, "60"])("%s is an error that names the option", (value) => {
    expect(() => fromWsgi(whole(1), { sendTimeout: value as number })).toThrow(OptionError);
    expect(() => fromWsgi(whole(1), { sendTimeout: value as number })).toThrow(/^sendTimeout must be /);
  });

  it("an application that awaits write() gets a ClientDisconnectError", async () => {
    const failed = signal<unknown>();
    const app: WsgiApp = async (_environ, startResponse) => {
      const write = startResponse("200 OK", []);
      try {
        for (;;) await write(new Uint8Array(64 * KIB));
      } catch (error) {
        failed.fire(error);
        throw error;
      }
    };
    server = await listen(fromWsgi(app, { logger: new MemoryLogger(), sendTimeout: TIMEOUT }));
    const socket = await rawConnection(server.port, GET);
    socket.pause();
    expect(await failed.promise).toBeInstanceOf(ClientDisconnectError);
    socket.destroy();
  });
});
