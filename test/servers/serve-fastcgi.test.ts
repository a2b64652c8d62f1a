/** `serveFastcgi`: its limits, its timeouts, and the apps that people serve with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { RecordType, record, stream } from "../../src/fastcgi/records.ts";
import { pythonApp } from "../../src/python.ts";
import { toWsgi } from "../../src/to-wsgi/express.ts";
import type { Environ, WsgiApp } from "../../src/wsgi/types.ts";
import { MemoryLogger } from "../support/logger.ts";
import { begin, GET, hello, openClient, params, request, serve, stdin } from "../support/web-server.ts";

const CLUSTER = fileURLToPath(new URL("../support/cluster-fastcgi.mjs", import.meta.url));
const IDLE = 40;
const MANY = Buffer.alloc(1024 * 1024);

/** A promise that a test settles. */
function gate<T = void>(): { promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** An app that reports how its reading of the body ended. */
function reader(before: (environ: Environ) => unknown = () => undefined): { app: WsgiApp; ended: Promise<string> } {
  const { promise: ended, open } = gate<string>();
  const app: WsgiApp = async (environ, start) => {
    await before(environ);
    await environ["wsgi.input"].read().then(
      () => open("whole"),
      (error: Error) => open(error.name),
    );
    start("200 OK", []);
    return [];
  };
  return { app, ended };
}

const begunBody = begin() + params({ ...GET, CONTENT_LENGTH: "9" }) + stdin("four");

describe("idleTimeout", () => {
  it("a body that stalls is aborted, and the app gets an error", async () => {
    const { app, ended } = reader();
    const { open, logger } = await serve(app, { idleTimeout: IDLE });
    const client = await open();
    client.send(begunBody);
    expect(await ended).toBe("ClientDisconnectError");
    await client.until(() => client.closed);
    expect([client.out, client.ends, logger.lines]).toEqual(["", [], []]);
  });

  it("an app may take longer than that, but a body that it then waits for is still aborted", async () => {
    const { app, ended } = reader(() => new Promise((resolve) => setTimeout(resolve, 2.5 * IDLE)));
    const client = await (await serve(app, { idleTimeout: IDLE })).open();
    client.send(begunBody);
    expect(await ended).toBe("ClientDisconnectError");
  });

  it("a response that nobody reads is aborted, and its result is closed", async () => {
    const closed = gate();
    const { open } = await serve(
      (_environ, start) => {
        start("200 OK", []);
        const blocks = function* (): Generator<Uint8Array> {
          for (;;) yield MANY;
        };
        return Object.assign(blocks(), { close: () => closed.open() });
      },
      { idleTimeout: IDLE },
    );
    const client = await open();
    client.socket.pause();
    client.send(request());
    await closed.promise;
  });

  it("a connection without a request is closed after that time", async () => {
    const client = await (await serve(hello, { idleTimeout: IDLE })).open();
    expect(await client.answer()).toContain("hello");
    await client.until(() => client.closed);
  });
});

describe("limits", () => {
  it("connections beyond maxConnections are closed at once, and accepted when there is room again", async () => {
    const { open } = await serve(hello, { maxConnections: 1 });
    const first = await open();
    expect(await first.answer()).toContain("hello");
    const second = await open();
    await second.until(() => second.closed);
    first.socket.destroy();
    await once(first.socket, "close");
    for (;;) {
      const next = await open(); // the server notices the end a moment later
      if ((await next.answer()).includes("hello")) break;
    }
  });

  it("padding is skipped", async () => {
    const padded = (text: string): string => `${text.slice(0, 6)}\x03\0${text.slice(8)}???`;
    const empty = record(RecordType.PARAMS, 1, "");
    const [head, end] = params(GET).split(empty) as [string, string];
    const client = await (await serve(hello)).open();
    expect(await client.answer(padded(begin()) + padded(head) + padded(empty) + end + padded(stdin("")))).toContain(
      "hello",
    );
  });

  it("a request in pieces of one byte is the same request", async () => {
    const { app, ended } = reader();
    const client = await (await serve(app)).open();
    for (const byte of begunBody + stdin("five!") + stdin("")) {
      await new Promise((resolve) => client.socket.write(Buffer.from(byte, "latin1"), resolve));
    }
    expect(await ended).toBe("whole");
    await client.until(() => client.ends.length === 1);
  });
});

describe("where it listens", () => {
  it.each(["127.0.0.1:0", "[::1]:0", "localhost:0"])("%s", async (where) => {
    const { address, open } = await serve(hello, {}, where);
    expect(address).toMatch(/^(127\.0\.0\.1|\[::1\]):[1-9]\d*$/);
    expect(await (await open()).answer()).toContain("hello");
  });

  it("processes of node:cluster share a port, and set wsgi.multiprocess", async () => {
    const child = spawn(process.execPath, [CLUSTER], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const closed = once(child, "close");
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const [address, other] = JSON.parse(line) as [string, string];
    expect(other).toBe(address);
    const clients = await Promise.all([1, 2, 3, 4].map(() => openClient(address)));
    const answers = await Promise.all(clients.map((client) => client.answer()));
    const pids = answers.map((answer) => /\r\n\r\n(\d+) true$/.exec(answer)?.[1]);
    expect(new Set(pids).size).toBe(2);
    child.stdin.end();
    expect(await closed).toEqual([0, null]);
  });
});

describe("the environ", () => {
  const told: WsgiApp = (environ, start) => {
    start("200 OK", []);
    return [Buffer.from(`${environ.HTTP_X_FORWARDED_FOR} ${environ["wsgi_bridge.request_id"]}`)];
  };

  it.each([
    [false, "1.2.3.4"],
    [true, "undefined"],
  ])("stripForwarded: %s", async (stripForwarded, address) => {
    const client = await (await serve(told, { stripForwarded })).open();
    expect(await client.answer(request({ HTTP_X_FORWARDED_FOR: "1.2.3.4" }))).toContain(`\r\n\r\n${address} `);
  });

  it("the request id is X-Request-Id or else a counter, and the log has it", async () => {
    const { open, logger } = await serve((environ, start) => {
      environ["wsgi.errors"].write("a line\n");
      return told(environ, start);
    });
    const client = await open();
    expect(await client.answer(request({ HTTP_X_REQUEST_ID: "abc" }))).toMatch(/ abc$/);
    expect(await client.answer(request())).toMatch(/ \d+$/);
    expect(logger.lines[0]).toContain("[abc] a line");
  });
});

describe("apps", () => {
  it("Express, through toWsgi: its mount path, its body, its response in pieces", async () => {
    const app = express();
    app.post("/shop/a", express.text(), (req, res) => {
      res.status(201).set("X-Base", req.originalUrl);
      res.write(`${req.body}, `);
      res.end("and back");
    });
    const client = await (await serve(toWsgi(app))).open();
    const vars = { REQUEST_METHOD: "POST", SCRIPT_NAME: "/shop/a", REQUEST_URI: "/shop/a?b", QUERY_STRING: "b" };
    const answer = await client.answer(request({ ...vars, CONTENT_TYPE: "text/plain", CONTENT_LENGTH: "5" }, "there"));
    expect(answer).toMatch(/^Status: 201 Created\r\n/);
    expect(answer).toMatch(/\r\nX-Base: \/shop\/a\?b\r\n/i);
    expect(answer).toMatch(/\r\n\r\nthere, and back$/);
  });

  it("a Python app in its own processes, with a body of megabytes both ways", async () => {
    const python = pythonApp("probe:application", {
      directory: "test/apps",
      python: ensurePython(),
      processes: 1,
      logger: new MemoryLogger(),
    });
    onTestFinished(() => python.close());
    const client = await (await serve(python)).open();
    const body = "0123456789".repeat(200_000);
    const vars = { REQUEST_METHOD: "POST", SCRIPT_NAME: "/echo", REQUEST_URI: "/echo" };
    client.send(begin() + params({ ...GET, ...vars, CONTENT_LENGTH: String(body.length) }));
    client.send(stream(RecordType.STDIN, 1, body) + stdin(""));
    await client.until(() => client.ends.length === 1);
    expect(client.out.slice(client.out.indexOf("\r\n\r\n") + 4)).toBe(body);
  });
});
