/** The request body, which an app inside `toWsgi` reads from `wsgi.input` (CONFORMANCE E, REV). */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, type Readable } from "node:stream";
import express from "express";
import { describe, expect, it } from "vitest";
import { ClientDisconnectError, toWsgi, type WsgiApp } from "../../src/index.ts";
import { validator } from "../../src/validator.ts";
import { BodyInput } from "../../src/wsgi/input.ts";
import { bytes, signal } from "../support/bytes.ts";
import { type Call, CountedSource, Played, pieces, play } from "../support/calls.ts";

const JSON_TYPE = ["Content-Type", "application/json"];

function parsing(): WsgiApp {
  const app = express();
  app.use(express.json(), express.text());
  app.post("/{*rest}", (req, res) => res.json(req.body ?? "none"));
  return toWsgi(app);
}

const post = (parts: Call): Call => ({ method: "POST", ...parts });

async function readAll(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of req) text += piece.toString("latin1");
  return text;
}

function collect(stream: Readable, done: (text: string) => void): void {
  let text = "";
  stream.on("data", (piece: Buffer) => {
    text += piece.toString("latin1");
  });
  stream.on("end", () => done(text));
}

const echo = toWsgi(async (req: IncomingMessage, res: ServerResponse) => void res.end(await readAll(req)));

describe("a body", () => {
  it("REV-08, REV-09: is parsed by Express's parsers", async () => {
    expect((await play(parsing(), post({ rawHeaders: JSON_TYPE, body: '{"a":1}' }))).body).toBe('{"a":1}');
  });

  it("REV-05: without a length is declared as chunked, so that parsers read it", async () => {
    const call = post({ rawHeaders: JSON_TYPE, input: pieces('{"a"', ":1}") });
    expect((await play(parsing(), call)).body).toBe('{"a":1}');
  });

  it("REV-05: that does not exist is not declared", async () => {
    const app = toWsgi((req, res) => res.setHeader("Content-Type", "a/b").end(JSON.stringify(req.headers)));
    for (const one of [app, validator(app, { warn: () => undefined })]) {
      expect((await play(one, { rawHeaders: ["Host", "h"] })).body).toBe('{"host":"h"}');
    }
  });

  it("REV-05: is not declared if the server does not know where it ends", async () => {
    const call = post({ input: pieces("lost"), keys: { "wsgi.input_terminated": false } });
    expect((await play(echo, call)).body).toBe("");
  });

  it("REV-06: is never read past CONTENT_LENGTH", async () => {
    expect((await play(echo, post({ input: pieces("abc", "defg"), keys: { CONTENT_LENGTH: "5" } }))).body).toBe(
      "abcde",
    );
  });

  it("REV-06: is not read before the app reads, and not further than the app reads", async () => {
    const source = new CountedSource(..."abcdefgh".split("").map((letter) => letter.repeat(64 * 1024)));
    const held = signal();
    const app = toWsgi(async (req, res) => {
      res.write("begun");
      await held.promise;
      req.once("data", (piece: Buffer) => {
        req.pause();
        res.end(String(piece.length));
      });
    });
    const played = new Played(app, post({ input: new BodyInput(source) }));
    expect(await played.next()).toBe("begun");
    expect(source.asked).toBe(0);
    held.fire();
    expect(await played.next()).toBe("65536");
    expect(source.asked).toBeLessThan(5);
    await played.close();
  });

  it("REV-06: is delivered as it arrives, not only in full buffers", async () => {
    const more = signal();
    let step = 0;
    const input = new BodyInput({
      async next() {
        step += 1;
        if (step === 1) return bytes("first");
        await more.promise;
        return step === 2 ? bytes("second") : undefined;
      },
    });
    const app = toWsgi((req, res) => void req.pipe(res));
    const played = new Played(app, post({ input }));
    expect(await played.next()).toBe("first");
    more.fire();
    expect(await played.rest()).toEqual(["second"]);
  });

  it("REV-06: is read with read(n) only, if middleware has replaced the input with one that has no read1()", async () => {
    const whole = pieces("abc", "def");
    const input = { read: (size?: number) => whole.read(size) } as never;
    expect((await play(echo, post({ input }))).body).toBe("abcdef");
  });

  it("REV-08: makes the request complete once it was delivered, and not before", async () => {
    const seen: boolean[] = [];
    const app = toWsgi(async (req, res) => {
      seen.push(req.complete);
      await readAll(req);
      seen.push(req.complete);
      res.end();
    });
    await play(app, post({ body: "abc" }));
    expect(seen).toEqual([false, true]);
  });

  it("REV-10: waits for a late reader", async () => {
    const app = express();
    app.use((_req, _res, next) => void setImmediate(next), express.json());
    app.post("/{*rest}", (req, res) => res.json(req.body));
    const call = post({ rawHeaders: JSON_TYPE, body: '{"a":1}' });
    expect((await play(toWsgi(app), call)).body).toBe('{"a":1}');
  });

  it("REV-10: if it is empty, its end waits for a late reader, too", async () => {
    const app = toWsgi(async (req, res) => {
      await new Promise((resolve) => setImmediate(resolve));
      res.end(`<${await readAll(req)}>`);
    });
    expect((await play(app)).body).toBe("<>");
  });

  it("REV-12: is a stream with the state of a real stream", async () => {
    const app = toWsgi((req, res) => {
      const before = [req.readable, req.readableEnded, req.readableFlowing, req.isPaused(), req.destroyed];
      req.unpipe();
      req.resume();
      req.on("end", () => res.end(JSON.stringify([...before, req.readable, req.readableEnded])));
    });
    expect((await play(app, post({ body: "abc" }))).body).toBe("[true,false,null,false,false,false,true]");
  });

  it.each<[string, (req: IncomingMessage) => Promise<string>]>([
    ["read by events", (req) => new Promise((resolve) => collect(req, resolve))],
    ["piped", (req) => new Promise((resolve) => collect(req.pipe(new PassThrough()), resolve))],
    ["iterated", (req) => readAll(req)],
  ])("REV-20: is delivered completely if the reader starts in the tick of the response: %s", async (_how, read) => {
    const whole = signal<string>();
    const app = toWsgi((req, res) => {
      read(req).then(whole.fire);
      res.end("accepted");
    });
    expect((await play(app, post({ input: pieces("abc", "def") }))).body).toBe("accepted");
    expect(await whole.promise).toBe("abcdef");
  });

  it("REV-20: ends with the response if nobody reads it, without being read", async () => {
    const source = new CountedSource("abc");
    const events: string[] = [];
    const closed = signal();
    const app = toWsgi((req, res) => {
      for (const event of ["aborted", "end"]) req.on(event, () => events.push(event));
      req.on("close", closed.fire);
      res.end("x");
    });
    await play(app, post({ input: new BodyInput(source) }));
    await closed.promise;
    expect(events).toEqual(["end"]);
    expect(source.asked).toBe(0);
  });
});

describe("a body that ends early", () => {
  const broken = (error: Error) => new BodyInput({ next: () => Promise.reject(error) });

  it("REV-21: aborts the request, and the result throws the reason", async () => {
    const gone = new ClientDisconnectError("gone");
    const events: string[] = [];
    const app = toWsgi((req, res) => {
      req
        .on("aborted", () => events.push("aborted"))
        .on("error", (error: Error & { code?: string }) => events.push(`${error.code}`));
      res.on("close", () => events.push("response closed"));
      req.resume();
    });
    await expect(play(app, post({ input: broken(gone) }))).rejects.toBe(gone);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.toSorted()).toEqual(["ECONNRESET", "aborted", "response closed"]);
  });

  it("REV-21: aborts the request even without an error listener", async () => {
    const app = toWsgi((req) => void req.resume());
    await expect(play(app, post({ input: broken(new Error("gone")) }))).rejects.toThrow("gone");
  });

  it("INP-09: is an error if it is shorter than its length", async () => {
    const app = toWsgi((req, res) => void req.on("end", () => res.end("whole")).resume());
    const call = post({ input: pieces("abc"), keys: { CONTENT_LENGTH: "10" } });
    await expect(play(app, call)).rejects.toBeInstanceOf(ClientDisconnectError);
  });

  it("REV-20: is reported only on the request if the response has already ended", async () => {
    const late = signal<Uint8Array | undefined>();
    const input = new BodyInput({ next: () => late.promise.then(() => Promise.reject(new Error("gone"))) });
    const aborted = signal();
    const app = toWsgi((req, res) => {
      req.on("aborted", aborted.fire).resume();
      res.end("x");
    });
    const played = await play(app, post({ input }));
    expect(played.body).toBe("x");
    late.fire(undefined);
    await aborted.promise;
  });
});

it("INP-09: multer detects the abort by its events: `aborted`, then `close`", async () => {
  const order: string[] = [];
  const app = toWsgi(async (req) => {
    for (const event of ["aborted", "close"]) req.on(event, () => order.push(event));
    await once(req, "close");
  });
  const played = new Played(app, post({ body: "abc" }));
  const next = played.next();
  await played.close();
  await next;
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["aborted", "close"]);
});
