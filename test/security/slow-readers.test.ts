/** ISO-07: a client that does not read its response blocks neither a Python thread nor a worker of a remote server. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { fastcgiApp } from "../../src/fastcgi.ts";
import { fromWsgi, OptionError, type WsgiApp } from "../../src/index.ts";
import { uwsgiApp } from "../../src/uwsgi.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython, startPython } from "../support/python.ts";
import { endRequest, latin1, stdout } from "../support/records.ts";
import { remote } from "../support/remote.ts";
import { listen, rawConnection, rawGet } from "../support/server.ts";

const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`;

/** A client that has sent a request and does not read the response. */
async function slowClient(port: number, path: string): Promise<Socket> {
  const socket = await rawConnection(port, get(path));
  socket.pause();
  return socket;
}

/** The body that is received until the connection ends. */
async function bodyOf(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  socket.resume();
  await once(socket, "close");
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

async function host(app: WsgiApp, options = {}): Promise<number> {
  const server = await listen(fromWsgi(app, { logger: new MemoryLogger(), ...options }));
  onTestFinished(() => server.close());
  return server.port;
}

describe("pythonApp", () => {
  it("one thread serves other clients while a client has not read its 16 MiB, and that client gets all of it", async () => {
    const { port, app } = await hostPython("probe:application", { threads: 1 });
    const slow = await slowClient(port, `/large?${SIZE}`);
    expect((await rawGet(port, "/hello")).body).toBe("hello");
    expect(app.stats().processes[0]?.inFlight).toBe(0);
    const body = await bodyOf(slow);
    expect([body.length, body === "x".repeat(SIZE)]).toEqual([SIZE, true]);
  });

  it("with responseSpool 0, the thread waits for the client", async () => {
    const { port, app } = await hostPython("probe:application", { threads: 1, responseSpool: 0 });
    const slow = await slowClient(port, `/large?${4 * SIZE}`);
    await once(slow, "readable"); // the response has begun
    const hello = rawGet(port, "/hello");
    await expect.poll(() => app.stats().queue.length).toBe(1);
    expect((await bodyOf(slow)).length).toBe(4 * SIZE);
    expect((await hello).body).toBe("hello");
  });

  it("a response that is larger than its file waits for the client, and arrives completely", async () => {
    const options = { responseMemory: MIB / 4, responseSpool: MIB };
    const { port } = await hostPython("probe:application", options);
    const slow = await slowClient(port, `/large?${4 * SIZE}`);
    await once(slow, "readable");
    expect(await bodyOf(slow)).toHaveLength(4 * SIZE);
  });

  it("after close(), a client still gets the whole response that is in memory and in a file", async () => {
    const { port, app } = await hostPython("probe:application", { threads: 1 });
    const slow = await slowClient(port, `/large?${SIZE}`);
    expect((await rawGet(port, "/hello")).body).toBe("hello");
    await app.close();
    expect(await bodyOf(slow)).toHaveLength(SIZE);
  });

  it("without a folder for temporary files, the thread waits, the reason is logged once, and all clients get everything", async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = "/is/not/there";
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    const { port, logger } = await hostPython("probe:application", { threads: 3 });
    const slow = await Promise.all([1, 2, 3].map(() => slowClient(port, `/large?${SIZE}`)));
    await logger.said("cannot write to a temporary file");
    for (const body of await Promise.all(slow.map(bodyOf))) expect(body).toHaveLength(SIZE);
    expect(logger.text.match(/cannot write to a temporary file/g)).toHaveLength(1);
    expect(logger.text).toContain("ENOENT");
  });

  it("if an app fails after data that the client has not read yet, the client gets that data, then an abort", async () => {
    const { port, logger } = await hostPython("probe:application", { threads: 1 });
    const slow = await slowClient(port, `/large_then_raise?${SIZE}`);
    expect((await rawGet(port, "/hello")).body).toBe("hello");
    const body = await bodyOf(slow);
    expect(body.endsWith("0\r\n\r\n")).toBe(false);
    expect(body.length).toBeGreaterThan(SIZE);
    expect(logger.text).toContain("after 16 MiB");
  });

  it("requestTimeout does not count the time in which a client does not read, with and without a file", async () => {
    for (const responseSpool of [0, MIB, 64 * MIB]) {
      const { port } = await hostPython("probe:application", { threads: 2, requestTimeout: 300, responseSpool });
      const slow = await slowClient(port, `/large?${SIZE}`);
      expect((await rawGet(port, "/wait?0.5")).head).toMatch(/^HTTP\/1\.1 504 /); // the whole timeout passes
      expect(await bodyOf(slow)).toHaveLength(SIZE);
    }
  });
});

describe("fastcgiApp", () => {
  it("a connection takes the next request while a client has read nothing of 16 MiB", async () => {
    const answer = Buffer.concat([
      latin1(stdout("Status: 200 OK\r\n\r\n")),
      ...Array.from({ length: SIZE / 0x8000 }, () => latin1(stdout("x".repeat(0x8000)))),
      latin1(endRequest()),
    ]);
    const server = await FastcgiServer.start((request) => {
      if (request.params.get("PATH_INFO") === "/large") request.socket.write(answer);
      else request.reply("hello");
    });
    const app = remote(server.address, { maxConnections: 1 });
    const port = await host(app);
    const slow = await slowClient(port, "/large");
    expect((await rawGet(port, "/hello")).body).toContain("hello");
    expect(server.connections).toBe(1);
    const body = await bodyOf(slow);
    expect(body.replaceAll(/[^x]/g, "")).toHaveLength(SIZE);
  });

  it("if the client disconnects, its file is closed and the request to the server is aborted", async () => {
    const server = await FastcgiServer.start((request) => {
      request.send(stdout("Status: 200 OK\r\n\r\n"));
      request.socket.write(Buffer.concat(Array.from({ length: 512 }, () => latin1(stdout("x".repeat(0x8000))))));
    });
    const port = await host(remote(server.address, { maxConnections: 1 }));
    const slow = await slowClient(port, "/");
    await once(slow, "readable");
    slow.destroy();
    await (await server.request(0)).until("aborted");
  });
});

describe("uwsgiApp", () => {
  it("a connection is free for the next request while a client has read nothing of 16 MiB", async () => {
    let asked = 0;
    const server = createServer((socket) => {
      socket
        .on("error", () => undefined)
        .once("data", () => {
          asked += 1;
          const body = asked === 1 ? Buffer.alloc(SIZE, "x") : Buffer.from("hello");
          socket.end(Buffer.concat([latin1(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]));
        });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const app = uwsgiApp(`127.0.0.1:${(server.address() as AddressInfo).port}`, { maxConnections: 1 });
    onTestFinished(() => app.close());
    const port = await host(app);
    const slow = await slowClient(port, "/");
    expect((await rawGet(port, "/")).body).toBe("hello");
    expect(await bodyOf(slow)).toBe("x".repeat(SIZE));
  });
});

describe("the options", () => {
  it.each([
    ["responseMemory", -1],
    ["responseMemory", "1"],
    ["responseSpool", 0.5],
    ["responseSpool", Number.NaN],
  ])("%s: %s is an error that names the option", (option, value) => {
    const error = new RegExp(`^${option} must be `);
    expect(() => startPython("probe:application", { [option]: value })).toThrow(error);
    for (const make of [fastcgiApp, uwsgiApp]) {
      expect(() => make("127.0.0.1:1", { [option]: value })).toThrow(error);
      expect(() => make("127.0.0.1:1", { [option]: value })).toThrow(OptionError);
    }
  });
});
