/** How responses inside `toWsgi` end, successfully or not (CONFORMANCE E, REV). */
import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fromWsgi, type NodeHandler, OptionError, ResponseAbortedError, toWsgi } from "../../src/index.ts";
import { toWsgi as koaToWsgi } from "../../src/koa.ts";
import { signal } from "../support/bytes.ts";
import { environOf, Played, play } from "../support/calls.ts";
import { ALL_HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawConnection, rawGet } from "../support/server.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Records the events of the request and the response, in order. */
function told(req: IncomingMessage, res: ServerResponse): string[] {
  const events: string[] = [];
  for (const event of ["aborted", "error", "end", "close"]) req.on(event, () => events.push(`request ${event}`));
  for (const event of ["finish", "close", "error"]) res.on(event, () => events.push(`response ${event}`));
  return events;
}

describe("a response that ends", () => {
  it("REV-20: emits `finish` once its body was consumed and `close` later, each once, and is not aborted", async () => {
    let events: string[] = [];
    const states: boolean[][] = [];
    const played = new Played(
      toWsgi((req, res) => {
        events = told(req, res);
        res.setHeader("Transfer-Encoding", "chunked"); // a body of unknown length, which is iterated
        const state = (): void =>
          void states.push([res.headersSent, res.writableEnded, res.finished, res.writableFinished]);
        state();
        res.end("x");
        state();
        res.on("finish", state);
      }),
    );
    await tick();
    expect(events).toEqual([]);
    expect(await played.next()).toBe("x");
    await new Promise((resolve) => process.nextTick(resolve));
    expect(events[0]).toBe("response finish");
    expect(await played.next()).toBeUndefined();
    await played.close();
    await tick();
    await tick();
    expect(events.toSorted()).toEqual(["request close", "request end", "response close", "response finish"]);
    expect(states).toEqual([
      [false, false, false, false],
      [true, true, true, false],
      [true, true, true, true],
    ]);
  });

  it("REV-20: is returned at once, as an array, if it is complete and has a length when the handler returns", async () => {
    let events: string[] = [];
    const app = toWsgi((req, res) => {
      events = told(req, res);
      res.setHeader("Content-Length", 2);
      res.write("a");
      res.end("b");
    });
    const heads: string[] = [];
    const result = app(environOf(), (status) => {
      heads.push(status);
      return () => Promise.resolve();
    });
    expect([heads, (result as Uint8Array[]).map(String)]).toEqual([
      ["200 OK"],
      ["a", "b"].map((c) => String(Buffer.from(c))),
    ]);
    await tick();
    await tick();
    expect(events.toSorted()).toEqual(["request close", "request end", "response close", "response finish"]);
  });

  it("REV-20: is returned at once if it has no body, too", async () => {
    let events: string[] = [];
    await play(
      toWsgi((req, res) => {
        events = told(req, res);
        res.writeHead(204).end();
      }),
    );
    await tick();
    await tick();
    expect(events.toSorted()).toEqual(["request close", "request end", "response close", "response finish"]);
  });
});

describe("close() before the end", () => {
  it("REV-22: looks like a client that disconnects: aborted and closed, and write() does not fail", async () => {
    let events: string[] = [];
    let response: ServerResponse | undefined;
    const played = new Played(
      toWsgi((req, res) => {
        events = told(req, res);
        response = res;
        res.write("a");
      }),
    );
    expect(await played.next()).toBe("a");
    await played.close();
    await tick();
    expect(events.toSorted()).toEqual(["request aborted", "request close", "request error", "response close"]);
    expect(response?.destroyed).toBe(true);
    expect(response?.write("b")).toBe(false);
    await tick();
  });

  it("REV-22: closes the stream of a file", async () => {
    const closed = signal();
    const played = new Played(
      toWsgi((_req, res) => {
        const file = createReadStream(fileURLToPath(new URL("../../package-lock.json", import.meta.url)));
        res.on("close", () => file.destroy());
        file.on("close", closed.fire).pipe(res);
      }),
    );
    await played.next();
    await played.close();
    await closed.promise;
  });

  it("REV-25: reaches an app that never responds, and ends the iteration", async () => {
    const closed = signal();
    const played = new Played(toWsgi((_req, res) => void res.on("close", closed.fire)));
    const next = played.next();
    await played.close();
    await closed.promise;
    expect(await next).toBeUndefined();
    expect(played.heads).toEqual([]);
  });

  it("REV-22: happens when a `for await` loop is left", async () => {
    const closed = signal();
    const app = toWsgi((_req, res) => {
      res.on("close", closed.fire);
      res.write("a");
    });
    const result = (await app(environOf(), () => () => Promise.resolve())) as AsyncIterable<Uint8Array>;
    for await (const _block of result) break;
    await closed.promise;
  });
});

describe("an app that fails", () => {
  const fails: [string, NodeHandler][] = [
    ["throws", () => void JSON.parse("no")],
    ["rejects", async () => void JSON.parse("no")],
    ["emits an error on its response", (_req, res) => void res.emit("error", new SyntaxError("no"))],
  ];
  it.each(fails)("REV-29: that %s before its head makes the iteration throw the same error", async (_name, handler) => {
    await expect(play(toWsgi(handler))).rejects.toBeInstanceOf(SyntaxError);
  });

  it.each(fails)("REV-29: that %s before its head results in one 500 on every host", async (_name, handler) => {
    for (const host of ALL_HOSTS.filter(({ kind }) => kind !== "http2")) {
      const server = await host.serve(toWsgi(handler), { logger: new MemoryLogger() }, () => undefined);
      expect((await rawGet(server.port, "/")).head).toMatch(/^HTTP\/1.1 500 /);
      await server.close();
    }
  });

  it("REV-29: after its head aborts the response", async () => {
    const played = new Played(
      toWsgi(async (_req, res) => {
        res.write("a");
        await tick();
        throw new SyntaxError("no");
      }),
    );
    expect(await played.next()).toBe("a");
    await expect(played.next()).rejects.toBeInstanceOf(SyntaxError);
    expect(played.heads).toHaveLength(1);
  });

  it("REV-29: after its end is logged", async () => {
    const late = signal();
    const played = await play(
      toWsgi(async (_req, res) => {
        res.end("x");
        await late.promise;
        throw new SyntaxError("too late");
      }),
    );
    late.fire();
    await tick();
    expect(played.body).toBe("x");
    expect(played.log.join("")).toMatch(/too late/);
  });

  it.each([
    ["its response", (_req, res) => void res.destroy()],
    ["its request", (req) => void req.destroy()],
    ["its socket", (req) => void req.socket.destroy()],
  ] as [string, NodeHandler][])("REV-21: that destroys %s makes the iteration throw", async (_name, destroy) => {
    await expect(play(toWsgi(destroy))).rejects.toBeInstanceOf(ResponseAbortedError);
    const begun = new Played(
      toWsgi(async (req, res) => {
        res.write("a");
        await tick();
        await destroy(req, res);
      }),
    );
    expect(await begun.next()).toBe("a");
    await expect(begun.next()).rejects.toBeInstanceOf(ResponseAbortedError);
  });

  it("REV-21: that destroys its response aborts the client's connection, on every host", async () => {
    for (const host of ALL_HOSTS.filter(({ kind }) => kind !== "http2")) {
      const app = toWsgi((_req, res) => void res.destroy());
      const server = await host.serve(app, { logger: new MemoryLogger() }, () => undefined);
      expect((await rawGet(server.port, "/")).text, host.name).toBe("");
      await server.close();
    }
  });
});

describe("timeouts", () => {
  it("REV-13: setTimeout() on response and request calls its listener, as in Node", async () => {
    for (const pick of ["req", "res"] as const) {
      const app = toWsgi((req, res) => void { req, res }[pick].setTimeout(1, () => res.end("timed out")));
      const call = pick === "req" ? { body: "abc" } : {};
      expect((await play(app, call)).body).toBe("timed out");
    }
  });

  it("REV-13: without a listener, a timeout destroys the connection", async () => {
    await expect(play(toWsgi((_req, res) => void res.setTimeout(1)))).rejects.toBeInstanceOf(ResponseAbortedError);
  });
});

it("REV-22: the app gets `close` when the client disconnects", async () => {
  const begun = signal();
  const closed = signal();
  const app = toWsgi((_req, res) => {
    res.on("close", closed.fire);
    begun.fire();
  });
  const server = await listen(fromWsgi(app));
  const socket = await rawConnection(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await begun.promise;
  socket.destroy();
  await closed.promise;
  await server.close();
});

it("throws at once for a handler that is not a function and for an object that is not a Koa app", () => {
  expect(() => toWsgi(undefined as never)).toThrow(OptionError);
  expect(() => koaToWsgi({} as never)).toThrow(OptionError);
  expect(() => koaToWsgi((() => undefined) as never)).toThrow(/import toWsgi from wsgi-bridge/);
});
