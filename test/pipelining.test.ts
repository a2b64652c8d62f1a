/** ISO-06: one request of an HTTP/1 connection at a time, in order; those behind a closed connection never start. */
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { WsgiApp } from "../src/index.ts";
import { signal } from "./support/bytes.ts";
import { HOSTS } from "./support/hosts.ts";
import { MemoryLogger } from "./support/logger.ts";
import { startPython } from "./support/python.ts";
import { raw, rawConnection, rawGet } from "./support/server.ts";

const request = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: test\r\n${more}\r\n`;
const LAST = "Connection: close\r\n";

describe.each(HOSTS)("$name", ({ serve }) => {
  const host = async (app: WsgiApp) => {
    const server = await serve(app, { logger: new MemoryLogger() });
    onTestFinished(() => server.close());
    return server;
  };

  it("a request starts when the answers to those before it are sent", async () => {
    let running = 0;
    let most = 0;
    const started: string[] = [];
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      startResponse("200 OK", [["Content-Length", String(environ.PATH_INFO.length)]]);
      return [Buffer.from(environ.PATH_INFO)];
    });
    const paths = Array.from({ length: 300 }, (_, number) => `/${number}`);
    const { text } = await raw(port, paths.map((path, i) => request(path, i === 299 ? LAST : "")).join(""));
    expect(started).toEqual(paths);
    expect(most).toBe(1);
    expect([...text.matchAll(/\r\n\r\n(\/\d+)/g)].map(([, path]) => path)).toEqual(paths);
  });

  it("a body that is pipelined is its own request's", async () => {
    const { port } = await host(async (environ, startResponse) => {
      const body = await environ["wsgi.input"].read();
      startResponse("200 OK", [["Content-Length", String(body.length)]]);
      return [body];
    });
    const post = (body: string, more = ""): string =>
      `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
    const { text } = await raw(port, post("first") + post("x".repeat(40_000)) + post("third", LAST));
    const bodies = text.split(/HTTP\/1\.1 200 OK[\s\S]*?\r\n\r\n/).slice(1);
    expect(bodies).toEqual(["first", "x".repeat(40_000), "third"]);
  });

  it("those behind one whose client has left never start", async () => {
    const started: string[] = [];
    const begun = signal();
    const over = signal();
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      if (environ.PATH_INFO !== "/first") {
        startResponse("200 OK", []);
        return [];
      }
      begun.fire();
      startResponse("200 OK", []);
      return {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from("begun");
          await over.promise;
        },
        close: () => over.fire(),
      };
    });
    const socket = await rawConnection(port, request("/first") + request("/second").repeat(200));
    await begun.promise;
    socket.destroy();
    await over.promise;
    await rawGet(port, "/other");
    expect(started).toEqual(["/first", "/other"]);
  });

  it.each([2_000, 20_000])("nor do %i of them; beyond 4,096 the connection is ended", async (count) => {
    let calls = 0;
    const begun = signal();
    const left = signal();
    const { port } = await host((_environ, startResponse) => {
      calls += 1;
      begun.fire();
      startResponse("200 OK", []);
      return Object.assign(
        (async function* () {
          yield Buffer.from("begun");
          await left.promise;
        })(),
        { close: () => left.fire() },
      );
    });
    const socket = await rawConnection(port, request("/first"));
    await begun.promise;
    socket.write(request("/behind").repeat(count));
    if (count === 2_000) setTimeout(() => socket.destroy(), 50);
    await left.promise;
    await new Promise(setImmediate);
    expect(calls).toBe(1);
  });

  it("those behind an answer that ends the connection never start", async () => {
    const started: string[] = [];
    const { port } = await host(async (environ, startResponse) => {
      started.push(environ.PATH_INFO);
      startResponse("200 OK", [["Content-Length", "2"]]);
      return [Buffer.from("ok")];
    });
    const { text } = await raw(port, request("/first", LAST) + request("/second").repeat(3));
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await rawGet(port, "/other");
    expect(started).toEqual(["/first", "/other"]);
  });

  it("2,000 pipelined requests have one thread at a time and no place in the queue, and none once their client has left", async () => {
    const app = startPython("children:application", { threads: 1 });
    const { port } = await host(app);
    await app.ready();
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(request("/token?a") + request("/token?b").repeat(2000));
    await new Promise((resolve) => socket.once("data", resolve));
    const others = await Promise.all(["c", "d", "e"].map((token) => rawGet(port, `/token?${token}`)));
    expect(others.map(({ body }) => body)).toEqual(['"c"', '"d"', '"e"']); // no queue of 2,000 is before them
    expect(app.stats().queue.length).toBeLessThan(2);
    socket.destroy();
    await expect.poll(() => app.stats().processes[0]?.inFlight).toBe(0);
    expect((await rawGet(port, "/token?f")).body).toBe('"f"');
  });
});
