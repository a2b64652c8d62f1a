/** The response of an app inside `toWsgi`, as head and blocks (CONFORMANCE E, REV). */
import { ServerResponse } from "node:http";
import { getDefaultHighWaterMark, Readable } from "node:stream";
import Cookies from "cookies";
import express from "express";
import onHeaders from "on-headers";
import { describe, expect, it } from "vitest";
import { type NodeHandler, toWsgi } from "../../src/index.ts";
import { readHead } from "../../src/to-wsgi/captured-head.ts";
import { signal } from "../support/bytes.ts";
import { type Call, Played, play } from "../support/calls.ts";

const answer = (handler: NodeHandler, call: Call = {}) => play(toWsgi(handler), call);

describe("the head", () => {
  it.each([
    ["REV-24: the status has its usual reason", (_q, res) => res.writeHead(404).end(), "404 Not Found", []],
    ["REV-24: a custom reason", (_q, res) => res.writeHead(404, "Gone Fishing").end(), "404 Gone Fishing", []],
    ["REV-24: a tab in a reason becomes a space", (_q, res) => res.writeHead(200, "a\tb").end(), "200 a b", []],
    ["REV-24: an unknown status", (_q, res) => res.writeHead(299).end(), "299 unknown", []],
    [
      "REV-18: the implicit head",
      (_q, res) => res.setHeader("X-A", "1").end("x"),
      "200 OK",
      [
        ["X-A", "1"],
        ["Content-Length", "1"],
      ],
    ],
    [
      "REV-18: writeHead with an object",
      (_q, res) => res.writeHead(200, { "X-A": "1", "x-b": ["2", "3"] }).end("x"),
      "200 OK",
      [
        ["X-A", "1"],
        ["x-b", "2"],
        ["x-b", "3"],
      ],
    ],
    [
      "REV-18: writeHead with an array",
      (_q, res) => res.writeHead(200, ["X-A", "1", "X-A", "2"]).end("x"),
      "200 OK",
      [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    ],
    [
      "REV-18: writeHead over setHeader",
      (_q, res) => res.setHeader("X-A", "1").writeHead(201, { "X-A": "2" }).end("x"),
      "201 Created",
      [["X-A", "2"]],
    ],
    [
      "REV-17: each Set-Cookie as a separate field",
      (_q, res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).end("x"),
      "200 OK",
      [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Content-Length", "1"],
      ],
    ],
    [
      "REV-24: values are converted to strings as Node does it",
      (_q, res) =>
        res
          .setHeader("X-A", 5)
          .setHeader("X-B", null as never)
          .end("x"),
      "200 OK",
      [
        ["X-A", "5"],
        ["X-B", "null"],
        ["Content-Length", "1"],
      ],
    ],
    [
      "REV-24: values are bytes",
      (_q, res) => res.setHeader("X-A", "\xe9").end("x"),
      "200 OK",
      [
        ["X-A", "\xe9"],
        ["Content-Length", "1"],
      ],
    ],
    [
      "REV-24: hop-by-hop fields are left out",
      (_q, res) =>
        res
          .writeHead(200, {
            Connection: "close",
            "Keep-Alive": "x",
            "Transfer-Encoding": "chunked",
            Upgrade: "x",
            Trailer: "x",
          })
          .end("x"),
      "200 OK",
      [],
    ],
    [
      "REV-26: a Content-Length that the app set",
      (_q, res) => res.writeHead(200, { "Content-Length": 1 }).end("x"),
      "200 OK",
      [["Content-Length", "1"]],
    ],
  ] as [string, NodeHandler, string, [string, string][]][])("%s", async (_name, handler, status, headers) => {
    const { heads } = await answer(handler);
    expect(heads).toEqual([{ status, headers }]);
  });

  it("a control character in a reason is Node's own error, after which the handler can still respond", async () => {
    let code: unknown;
    const { status } = await answer((_req, res) => {
      try {
        res.writeHead(200, "OK\r\nX-Injected: 1");
      } catch (error) {
        code = (error as NodeJS.ErrnoException).code;
      }
      res.writeHead(500, "Mended").end();
    });
    expect(code).toBe("ERR_INVALID_CHAR");
    expect(status).toBe("500 Mended");
  });

  it("REV-24: is passed to startResponse once, and not before the app has sent it", async () => {
    const more = signal();
    const played = new Played(
      toWsgi(async (_req, res) => {
        await more.promise;
        res.end("x");
      }),
    );
    const first = played.next();
    expect(played.heads).toEqual([]);
    more.fire();
    expect(await first).toBe("x");
    expect(await played.rest()).toEqual([]);
    expect(played.heads).toHaveLength(1);
  });

  it("REV-27: is sent alone by flushHeaders(), as write() of an empty block", async () => {
    const more = signal();
    const played = new Played(
      toWsgi(async (_req, res) => {
        res.setHeader("X-A", "1").flushHeaders();
        await more.promise;
        res.end("x");
      }),
    );
    const first = played.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(played.header("x-a")).toBe("1");
    expect(played.written).toEqual([""]);
    more.fire();
    expect(await first).toBe("x");
    await played.close();
  });

  it("REV-27: interim responses and trailers are dropped", async () => {
    const played = await answer((_req, res) => {
      res.writeContinue();
      res.writeProcessing();
      res.writeEarlyHints({ link: "</a>; rel=preload" });
      res.writeHead(200, { Trailer: "X-T" });
      res.write("x");
      res.addTrailers({ "X-T": "1" });
      res.end();
    });
    expect([played.heads, played.body]).toEqual([[{ status: "200 OK", headers: [] }], "x"]);
  });

  it("REV-27: a 101 becomes a 501 and is logged", async () => {
    const played = await answer((_req, res) => res.writeHead(101, { Upgrade: "x" }).end());
    expect(played.status).toBe("501 Not Implemented");
    expect(played.log.join("")).toMatch(/101/);
  });

  it.each(["HTTP/1.1 200 OK\r\nX-A: 1: 2\r\nConnection: close", "HTTP/1.1 200 \r\nX-A: 1: 2"])(
    "is parsed from %j",
    (text) => {
      expect(readHead(text).headers).toEqual([["X-A", "1: 2"]]);
    },
  );
});

describe("the response object", () => {
  it("REV-15: is Node's own, so that libraries can call Node's methods on it", async () => {
    const { header } = await answer((req, res) => {
      expect(res).toBeInstanceOf(ServerResponse);
      new Cookies(req, res).set("a", "1");
      res.end();
    });
    expect(header).toBeTypeOf("function");
  });

  it("REV-16: may be patched: Node calls patched writeHead, write and end methods", async () => {
    const called: string[] = [];
    const app = express();
    app.use((_req, res, next) => {
      onHeaders(res, () => res.setHeader("X-Late", "1"));
      for (const name of ["writeHead", "write", "end"] as const) {
        const original = res[name] as (...args: unknown[]) => unknown;
        Object.assign(res, {
          [name](...args: unknown[]) {
            called.push(name);
            return original.apply(res, args);
          },
        });
      }
      next();
    });
    app.use((_req, res) => {
      res.write("a");
      res.end("b");
    });
    const played = await play(toWsgi(app));
    expect(played.header("x-late")).toBe("1");
    expect([played.body, called]).toEqual(["ab", ["write", "writeHead", "end"]]);
  });

  it("REV-15: works with Express, which replaces its prototype", async () => {
    const app = express();
    app.use((_req, res) => {
      res.setHeader("Transfer-Encoding", "chunked");
      res.write("a");
      res.end("b");
    });
    expect((await play(toWsgi(app))).body).toBe("ab");
  });
});

describe("the body", () => {
  it.each([
    ["latin1", "\xe9\xff"],
    ["hex", "e9ff00"],
    ["base64", "6f8A"],
    ["utf8", "\u0436"],
    ["utf16le", "\u0436"],
  ] as const)("REV-19: a string in %s is written as its bytes, even as the first block", async (encoding, text) => {
    const expected = Buffer.from(text, encoding).toString("latin1");
    expect((await answer((_q, res) => res.end(text, encoding))).body).toBe(expected);
    const twice = await answer((_q, res) => {
      res.write(text, encoding);
      res.end(text, encoding);
    });
    expect(twice.body).toBe(expected + expected);
  });

  it("REV-19: every byte is kept, even if it looks like the end of a head", async () => {
    const body = `a\r\n\r\nb${Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("")}`;
    expect((await answer((_q, res) => res.end(body, "latin1"))).body).toBe(body);
    expect((await answer((_q, res) => res.end(Buffer.from(body, "latin1")))).body).toBe(body);
  });

  it("is streamed block by block, as it was written", async () => {
    const played = new Played(
      toWsgi((_req, res) => {
        res.write("a");
        res.write(Buffer.from("b"));
        res.end("c");
      }),
    );
    expect(await played.rest()).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("REV-26: %s with %d has no body, and keeps its Content-Length", async (method, status) => {
    const headers = status === 204 ? {} : { "Content-Length": "5" };
    const played = await answer((_q, res) => res.writeHead(status, headers).end("hello"), { method });
    expect(played.body).toBe("");
    expect(played.header("content-length")).toBe(status === 204 ? undefined : "5");
  });

  it("REV-26: a streamed response to HEAD has no body, and ends", async () => {
    const played = await answer((_q, res) => void Readable.from(["a", "b"]).pipe(res), { method: "HEAD" });
    expect([played.status, played.body]).toEqual(["200 OK", ""]);
  });

  it("an explicit Transfer-Encoding: chunked adds no chunk sizes", async () => {
    const played = await answer((_q, res) => {
      res.setHeader("Transfer-Encoding", "chunked");
      res.write("abc");
      res.end("def");
    });
    expect([played.body, played.header("transfer-encoding")]).toEqual(["abcdef", undefined]);
  });

  it("server-sent events arrive before the end", async () => {
    const more = signal();
    const played = new Played(
      toWsgi(async (_req, res) => {
        res.writeHead(200, { "Content-Type": "text/event-stream" });
        res.write("data: 1\n\n");
        await more.promise;
        res.end("data: 2\n\n");
      }),
    );
    expect(await played.next()).toBe("data: 1\n\n");
    more.fire();
    expect(await played.rest()).toEqual(["data: 2\n\n"]);
  });
});

describe("back-pressure", () => {
  const block = Buffer.alloc(Math.ceil(0.6 * getDefaultHighWaterMark(false)), "x"); // two of them exceed the high-water mark

  it("REV-23: write() returns false while data waits, and `drain` is emitted when it was consumed", async () => {
    const said: boolean[] = [];
    let drains = 0;
    const played = new Played(
      toWsgi((_req, res) => {
        res.on("drain", () => {
          drains += 1;
        });
        said.push(res.write(block), res.write(block), res.write(block));
      }),
    );
    expect(said).toEqual([true, false, false]);
    await played.next();
    await played.next();
    expect(drains).toBe(0);
    await played.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(drains).toBe(1);
    await played.close();
  });

  it("REV-23: an app that waits for `drain` is no further ahead than on a real socket", async () => {
    let written = 0;
    const source = new Readable({
      read() {
        written += 1;
        this.push(written > 500 ? null : block);
      },
    });
    const played = new Played(toWsgi((_req, res) => void source.pipe(res)));
    await played.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(30);
    expect((await played.rest()).length).toBe(499);
  });

  it("REV-23: a second stream can be piped after the first one had to wait", async () => {
    const make = (count: number): Readable => Readable.from(Array.from({ length: count }, () => block));
    const played = await answer((_req, res) => {
      make(20)
        .on("end", () => make(20).pipe(res))
        .pipe(res, { end: false });
    });
    expect(played.body.length).toBe(40 * block.length);
  });
});
