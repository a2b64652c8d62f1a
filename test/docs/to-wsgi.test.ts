/** docs/to-wsgi.md: its programs are run and requested, and the rows of its tables are tried on real servers. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import express5 from "express";
import express4 from "express4";
import Koa from "koa";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Environ, fromWsgi, OptionError, type StartResponse, toWsgi, type WsgiApp } from "../../src/index.ts";
import { toWsgi as koaToWsgi } from "../../src/koa.ts";
import { vetEnviron } from "../../src/wsgi/vet-environ.ts";
import { signal } from "../support/bytes.ts";
import { environOf, play } from "../support/calls.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, listen, raw, rawConnection, type TestServer } from "../support/server.ts";
import { Page } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/to-wsgi.md");
const workspace = new Workspace();
const textOf = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();

/** The rows of the table with this header, cell by cell. */
function table(...header: string[]): string[][] {
  const lines = page.text.split("\n");
  const at = lines.indexOf(`| ${header.join(" | ")} |`.replace("|  |", "| |"));
  if (at === -1) throw new Error(`no table with the header ${header.join(", ")}`);
  const rest = lines.slice(at + 2);
  return rest.slice(0, rest.indexOf("")).map((line) => line.slice(2, -2).split(" | "));
}

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** A handler behind `fromWsgi(toWsgi(handler))` on plain node:http, for the length of a test. */
async function serve(handler: Handler): Promise<TestServer & { logger: MemoryLogger }> {
  const logger = new MemoryLogger();
  const server = await listen(fromWsgi(toWsgi(handler), { logger }));
  onTestFinished(server.close);
  return { ...server, logger };
}

const get = (path = "/", headers = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}Connection: close\r\n\r\n`;

describe("programs", () => {
  it("Koa in Express", async () => {
    const url = await workspace.run(page.take("js", "const blog = new Koa()")).url();
    const text = await textOf(`${url}/blog/a`);
    expect(text).toBe("Koa at /a of /blog/a\n");
    expect(page.text).toContain(`\`GET /blog/a\` answers \`${text.trim()}\``);
  });

  it("Express in Koa", async () => {
    const url = await workspace.run(page.take("js", 'mount("/admin"')).url();
    expect(await textOf(`${url}/admin/users/7`)).toBe("Express: user 7 below /admin\n");
  });

  it("Express 4 in Express 5: a pattern that Express 5 refuses", async () => {
    const url = await workspace.run(page.take("js", "express4")).url();
    expect(await textOf(`${url}/legacy/orders/1/2`)).toBe("Express 4: order 1/2\n");
    expect(() => express5().get("/orders/*", () => undefined)).toThrow();
  });

  it("WSGI middleware around Express: nobody gets in with a header of their own", async () => {
    const url = await workspace.run(page.take("js", "authenticate")).url();
    const stranger = await fetch(`${url}/admin`, { headers: { "X-User": "root" } });
    expect([stranger.status, stranger.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const headers = { "X-User": "root", Authorization: "Bearer s3cret" };
    const known = await fetch(`${url}/admin`, { headers });
    expect(await known.text()).toBe("Hello, ada\n");
    for (const answer of [stranger, known]) expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("a call without a server prints what its comments say", async () => {
    const code = page.take("js", "process.stdout.write");
    const { process: child, lines } = workspace.run(code);
    const printed: string[] = [];
    lines.on("line", (line) => printed.push(line));
    await once(child, "close");
    expect(printed).toEqual(["200 OK", "Hello, ada"]);
    for (const line of printed) expect(code).toContain(`// ${line}`);
  });

  it("TypeScript compiles", () => workspace.typeCheck(page.takeAll("ts")));
});

it("what is given to the wrong toWsgi, or is no app, is an OptionError that names the other import", () => {
  expect(() => toWsgi(new Koa() as never)).toThrow(OptionError);
  expect(() => koaToWsgi(express5() as never)).toThrow("import toWsgi from wsgi-bridge");
  for (const app of [express5(), express4(), express5.Router(), new Koa().callback()])
    expect(toWsgi(app as never)).toBeTypeOf("function");
});

describe("what the inner app sees", () => {
  const KEYS = {
    SCRIPT_NAME: "/m n",
    PATH_INFO: "/a/b",
    QUERY_STRING: "x=1",
    REQUEST_URI: "/m%20n/a%2Fb?x=1",
    REQUEST_METHOD: "PUT",
    SERVER_PROTOCOL: "HTTP/1.0",
    HTTP_X_TAG: "1,2",
    CONTENT_TYPE: "a/b",
    REMOTE_ADDR: "192.0.2.1",
    REMOTE_PORT: "5000",
    SERVER_NAME: "[2001:db8::1]",
    SERVER_PORT: "8443",
    "wsgi.url_scheme": "https",
    SSL_PROTOCOL: "TLSv1.3",
    SSL_CLIENT_CERT: "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
    REMOTE_USER: "zoe",
  };

  /** The values of the first column's expressions, in an Express and in a Koa app. */
  async function valuesOf(expressions: string[], keys: object = KEYS): Promise<unknown[]> {
    let values: unknown[] = [];
    const evaluate = (req: unknown, ctx: unknown) => (expression: string) => {
      const whole =
        expression.startsWith("ctx.") || expression.startsWith("req.") ? expression : `req.socket.${expression}`;
      return new Function("req", "ctx", `return ${whole}`)(req, ctx);
    };
    const site = express5().use((req, res) => {
      values = expressions.filter((one) => !one.startsWith("ctx.")).map(evaluate(req, undefined));
      res.end();
    });
    const koa = new Koa().use((ctx) => {
      values.push(...expressions.filter((one) => one.startsWith("ctx.")).map(evaluate(ctx.req, ctx)));
      ctx.body = "";
    });
    await play(toWsgi(site), { keys: keys as Record<string, unknown> });
    await play(koaToWsgi(koa), { keys: keys as Record<string, unknown> });
    return values;
  }

  const EXPECTED: Record<string, unknown[]> = {
    REQUEST_URI: ["/m%20n/a%2Fb?x=1", "/m%20n/a%2Fb?x=1"],
    SCRIPT_NAME: ["/m%20n", "/m%20n"],
    "what the mount leaves of `originalUrl`": ["/a%2Fb?x=1", "/a%2Fb?x=1"],
    REQUEST_METHOD: ["PUT", "1.0"],
    "HTTP_*": [
      expect.objectContaining({ host: "h:8080", "x-tag": "1,2", "content-type": "a/b" }),
      expect.arrayContaining(["x-tag", "1,2"]),
    ],
    REMOTE_ADDR: ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
    REMOTE_PORT: [5000],
    SERVER_NAME: ["2001:db8::1", 8443],
    "wsgi.url_scheme": [true, "https", true, "https"],
    SSL_CLIENT_CERT: [{ raw: Buffer.from([1, 2, 3]) }, "TLSv1.3"],
    "wsgi.input": [],
  };
  const rows = table("in the inner app", "comes from");
  const source = (cell: string): string =>
    cell.startsWith("what the mount") ? (cell.split(":")[0] as string) : (/`([^`]+)`/.exec(cell)?.[1] as string);

  it("every row of the table is checked", () => {
    expect(rows.map(([, from]) => source(from as string))).toEqual(Object.keys(EXPECTED));
  });

  it.each(rows)("%s: %s", async (expressions, from) => {
    const found = [...(expressions ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
    expect(await valuesOf(found)).toEqual(EXPECTED[source(from as string)]);
  });

  it("the bare mount path is a slash; without a mount, ctx.mountPath is not set", async () => {
    const bare = { ...KEYS, PATH_INFO: "", REQUEST_URI: "/m%20n?x=1" };
    expect(await valuesOf(["req.url", "ctx.url", "ctx.path"], bare)).toEqual(["/?x=1", "/?x=1", "/"]);
    const root = { ...KEYS, SCRIPT_NAME: "", REQUEST_URI: "/a/b?x=1" };
    expect(await valuesOf(["req.baseUrl", "ctx.mountPath"], root)).toEqual(["", undefined]);
  });

  it("a path that middleware has changed is made into a URL; a Host that is missing is made of the server's name", async () => {
    const moved = { ...KEYS, PATH_INFO: "/c d" };
    expect(await valuesOf(["req.originalUrl", "req.url"], moved)).toEqual(["/m%20n/c%20d?x=1", "/c%20d?x=1"]);
    const hostless = { ...KEYS, HTTP_HOST: undefined };
    expect(await valuesOf(["req.headers.host"], hostless)).toEqual(["[2001:db8::1]:8443"]);
  });

  it("address, scheme and host are the client's where the outer app trusts its proxy", async () => {
    const inner = express5().use((req, res) => void res.json([req.ip, req.protocol, req.host]));
    const outer = express5()
      .set("trust proxy", "loopback")
      .use(fromWsgi(toWsgi(inner)));
    const server = await listen(outer as never);
    onTestFinished(server.close);
    const headers = {
      "X-Forwarded-For": "203.0.113.9, 192.0.2.1",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    };
    expect(JSON.parse(await textOf(server.url, { headers }))).toEqual(["192.0.2.1", "https", "shop.example"]);
    // an inner app that trusts as well believes what the client has written
    inner.set("trust proxy", true);
    expect(JSON.parse(await textOf(server.url, { headers }))[0]).toBe("203.0.113.9");
  });
});

describe("what crosses, and what does not", () => {
  const checks: Record<string, () => Promise<void>> = {
    "status, reason, headers, repeated": async () => {
      const { port } = await serve((_req, res) => {
        res.writeHead(299, "Fine", ["Set-Cookie", "a", "Set-Cookie", "b"]);
        res.end();
      });
      const { text } = await raw(port, get());
      expect(text).toMatch(/^HTTP\/1\.1 299 Fine\r\n/);
      expect(text).toMatch(/Set-Cookie: a\r\nSet-Cookie: b\r\n/);
    },
    streaming: async () => {
      let refused = false;
      const drained = signal();
      const { port } = await serve((req, res) => {
        req.on("data", (chunk) => res.write(chunk)); // an echo, as it arrives
        req.on("end", () => {
          while (res.write(Buffer.alloc(64 * 1024)));
          refused = true;
          res.once("drain", () => {
            drained.fire();
            res.end();
          });
        });
      });
      const socket = await rawConnection(
        port,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
      );
      await brought(socket, "one");
      socket.write("3\r\ntwo\r\n0\r\n\r\n");
      await drained.promise;
      expect(refused).toBe(true);
      socket.destroy();
    },
    "`res.flushHeaders()`": async () => {
      const { port } = await serve((_req, res) => void res.setHeader("X-Early", "1").flushHeaders());
      const socket = await rawConnection(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await brought(socket, "X-Early: 1");
      socket.destroy();
    },
    "`finish` and `close`": async () => {
      const events: string[] = [];
      const over = signal();
      const { url } = await serve((_req, res) => {
        res.on("finish", () => events.push("finish")).on("close", () => over.fire());
        res.end("x");
      });
      await textOf(url);
      await over.promise;
      expect(events).toEqual(["finish"]);
      const left = signal();
      const both: Promise<void>[] = [];
      const { port } = await serve((req, res) => {
        const [aborted, closed] = [signal(), signal()];
        both.push(aborted.promise, closed.promise);
        req.on("error", () => undefined);
        req.once("aborted", () => aborted.fire()).once("close", () => closed.fire());
        res.once("close", () => left.fire());
        res.write("begun");
      });
      const socket = await rawConnection(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
      await brought(socket, "begun");
      socket.destroy();
      await Promise.all([left.promise, ...both]);
    },
    ranges: async () => {
      const page404 = express5().get("/", (req, res) => void res.send(`${req.get("Range")} of a page`));
      const { port } = await serve(page404 as never);
      expect((await raw(port, get("/", "Range: bytes=0-1\r\n"))).body).toBe("bytes=0-1 of a page");
      const etag = /ETag: (.*)\r\n/.exec((await raw(port, get())).text)?.[1];
      expect((await raw(port, get("/", `If-None-Match: ${etag}\r\n`))).head).toMatch(/^HTTP\/1\.1 304 /);
      const head = await raw(port, get().replace("GET", "HEAD"));
      expect(head.head).toMatch(/Content-Length: \d+/);
      expect(head.body).toBe("");
    },
    "`req.setTimeout()`": async () => {
      for (const set of [
        (req: IncomingMessage) => req.setTimeout(20),
        (_: IncomingMessage, res: ServerResponse) => res.setTimeout(20),
      ]) {
        const { port } = await serve((req, res) => void set(req, res));
        expect((await raw(port, get())).text).toBe(""); // resolves when the connection ends
      }
      const { url } = await serve((_req, res) => void res.setTimeout(20, () => res.end("in time")));
      expect(await textOf(url)).toBe("in time");
    },
    destroying: async () => {
      const ways: Handler[] = [(req) => req.destroy(), (_req, res) => res.destroy(), (req) => req.socket.destroy()];
      for (const way of ways) {
        const { port } = await serve(way);
        expect((await raw(port, get())).text).toBe("");
      }
    },
    "interim responses": async () => {
      const { port } = await serve((_req, res) => {
        res.writeContinue();
        res.writeEarlyHints({ link: "</a.css>; rel=preload" });
        res.end("whole");
      });
      expect((await raw(port, get())).text).toMatch(/^HTTP\/1\.1 200 [\s\S]*whole$/);
    },
    "a response with status 101": async () => {
      const { port, logger } = await serve((_req, res) =>
        res.writeHead(101, { Upgrade: "x", Connection: "Upgrade" }).end(),
      );
      expect((await raw(port, get())).text).toMatch(/^HTTP\/1\.1 501 /);
      expect(logger.text).toContain("101");
    },
    trailers: async () => {
      let seen: unknown;
      const { port } = await serve((req, res) => {
        req.resume().on("end", () => {
          seen = req.trailers;
          res.writeHead(200, { Trailer: "X-Sum" });
          res.write("a");
          res.addTrailers({ "X-Sum": "1" });
          res.end();
        });
      });
      const request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
      const { text } = await raw(port, `${request}1\r\na\r\n0\r\nX-Sum: 2\r\n\r\n`);
      expect(seen).toEqual({});
      expect(text).not.toContain("X-Sum");
    },
    "hop-by-hop headers": async () => {
      const { port } = await serve((_req, res) => {
        res.writeHead(200, { "Keep-Alive": "timeout=99", Upgrade: "h2c", Connection: "Upgrade", "X-Kept": "1" });
        res.end("x");
      });
      const { text } = await raw(port, get());
      expect(text).toContain("X-Kept: 1");
      expect(text).not.toMatch(/timeout=99|h2c/);
    },
    "the `Date` header": async () => {
      const { heads } = await play(toWsgi((_req, res) => res.end("x")));
      expect(heads[0]?.headers.map(([name]) => name.toLowerCase())).not.toContain("date");
      const { port } = await serve((_req, res) => res.end("x"));
      expect((await raw(port, get())).text.match(/^Date: /gim)).toHaveLength(1);
    },
    "the case of request header names": async () => {
      const { port } = await serve((req, res) => res.end(JSON.stringify(req.rawHeaders)));
      expect(JSON.parse((await raw(port, get("/", "X-MiXed: Yes\r\n"))).body)).toEqual(["host", "a", "x-mixed", "Yes"]);
    },
    "repeated request headers": async () => {
      const { port } = await serve((req, res) => res.end(JSON.stringify([req.headers["x-a"], req.headers.cookie])));
      const repeated = "X-A: 1\r\nX-A: 2\r\nCookie: a\r\nCookie: b\r\n";
      expect(JSON.parse((await raw(port, get("/", repeated))).body)).toEqual(["1,2", "a; b"]);
    },
    "request header names with characters": async () => {
      const { port } = await serve((req, res) => res.end(JSON.stringify(Object.keys(req.headers))));
      expect(JSON.parse((await raw(port, get("/", "X_A: 1\r\nX.A: 1\r\n"))).body)).toEqual(["host"]);
    },
  };
  const rows = table("", "works?");

  it("every row of the table is checked", () => {
    const starts = Object.keys(checks);
    expect(rows.map(([what], i) => (what?.startsWith(starts[i] as string) ? "checked" : what))).toEqual(
      starts.map(() => "checked"),
    );
  });

  it.each(rows)("%s: %s", async (what) => {
    const name = Object.keys(checks).find((start) => what?.startsWith(start)) as string;
    await checks[name]?.();
  });
});

describe("errors", () => {
  const failure = new Error("failed");

  /** What a host makes of a handler: its answer, what its error handling heard, and what was logged. */
  async function outcome(
    host: (typeof HOSTS)[number],
    app: WsgiApp,
  ): Promise<{ text: string; heard: unknown[]; log: string }> {
    const heard: unknown[] = [];
    const logger = new MemoryLogger();
    const server = await host.serve(app, { logger }, (error) => heard.push(error));
    const { text } = await raw(server.port, get());
    await server.close();
    return { text, heard, log: logger.text };
  }

  it("the table has a row for each case", () => {
    expect(table("what happens in the inner app", "the server around it gets").map(([what]) => what)).toEqual([
      "`next(error)`, or a throw in a route",
      "a plain handler throws or rejects before its head",
      "it throws or rejects after its head",
      "it throws or rejects after its response has been sent",
      "it destroys `req`, `res` or the socket before the response is whole",
      "the body cannot be read, for example because the client left",
      "the environ is not usable",
    ]);
  });

  it.each(HOSTS)("$name", async (host) => {
    const own = express5().set("env", "test");
    own.get("/", () => {
      throw failure;
    });
    const answered = await outcome(host, toWsgi(own as never));
    expect(answered.text).toMatch(/^HTTP\/1\.1 500 /);
    expect([answered.heard, answered.log]).toEqual([[], ""]);

    for (const handler of [() => Promise.reject(failure), raise] as Handler[]) {
      const before = await outcome(host, toWsgi(handler));
      expect(before.text).toMatch(/^HTTP\/1\.1 500 /);
      if (host.framework) expect(before.heard).toEqual([failure]);
      else expect(before.log).toContain("failed");
    }

    const after = await outcome(
      host,
      toWsgi(async (_req, res) => {
        await new Promise((written) => res.write("part", written));
        throw failure;
      }),
    );
    expect(after.text).toContain("part");
    expect(after.text).not.toMatch(/\r\n0\r\n/);
    expect(after.log).toContain("failed after its response had begun");

    const late = await outcome(
      host,
      toWsgi(async (_req, res) => {
        res.end("whole");
        await once(res, "finish");
        throw failure;
      }),
    );
    expect(late.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*whole$/);
    expect(late.log).toContain("the app failed after its response had ended: Error: failed");

    const destroyed = await outcome(
      host,
      toWsgi((_req, res) => res.destroy()),
    );
    expect(destroyed.text).toBe("");

    const spoilt = await outcome(host, (environ, startResponse) =>
      toWsgi((_req, res) => res.end())(Object.assign(environ, { PATH_INFO: "a" }), startResponse),
    );
    expect(spoilt.text).toMatch(/^HTTP\/1\.1 500 /);
  });

  function raise(): never {
    throw failure;
  }

  it("a destroyed response is a ResponseAbortedError, a body that breaks off the error of wsgi.input", async () => {
    await expect(play(toWsgi((_req, res) => res.destroy()))).rejects.toMatchObject({
      code: "ERR_WSGI_RESPONSE_ABORTED",
    });
    const input = { ...environOf()["wsgi.input"], read: () => Promise.reject(failure) };
    const keys = { CONTENT_LENGTH: "3", "wsgi.input": input };
    await expect(
      play(
        toWsgi((req) => void req.resume().on("error", () => undefined)),
        { keys },
      ),
    ).rejects.toBe(failure);
  });

  describe("EnvironError", () => {
    const thrownBy = (keys: object): unknown => {
      try {
        vetEnviron(Object.assign(environOf(), keys));
        return undefined;
      } catch (error) {
        return error;
      }
    };

    it("has the message that the page shows, and the app is not called", async () => {
      let called = false;
      const app = toWsgi(() => {
        called = true;
      });
      const message = page.take("text").trim().replace("\n", " ");
      const call = async (): Promise<unknown> => play(app, { keys: { PATH_INFO: "a" } });
      await expect(call()).rejects.toMatchObject({ code: "ERR_WSGI_ENVIRON", status: 500, message });
      expect(called).toBe(false);
    });

    /** From a key to values that are refused, and to values that are taken. */
    const VALUES: Record<string, [refused: unknown[], taken: unknown[]]> = {
      REQUEST_METHOD: [
        ["", "A B", undefined],
        ["GET", "PURGE"],
      ],
      SERVER_NAME: [["", undefined], ["h"]],
      SERVER_PORT: [[80, "", "x", undefined], ["80"]],
      SERVER_PROTOCOL: [
        ["1.1", undefined],
        ["HTTP/1.1", "HTTP/2"],
      ],
      "wsgi.url_scheme": [
        ["ftp", undefined],
        ["http", "https"],
      ],
      "wsgi.input": [[{}, undefined], [{ read: () => undefined }]],
      "wsgi.errors": [[{}, undefined], [{ write: () => undefined }]],
      SCRIPT_NAME: [
        ["/", "a", "/a/", "/\u0436"],
        [undefined, "", "/a"],
      ],
      PATH_INFO: [
        ["a", "/\u0436"],
        [undefined, "", "/"],
      ],
      QUERY_STRING: [
        ["a b", "a#b", "a\n"],
        [undefined, "", "a=%20"],
      ],
      CONTENT_LENGTH: [
        ["-1", "a"],
        [undefined, "", "0"],
      ],
      CONTENT_TYPE: [
        ["a\nb", 5, "\u0436"],
        [undefined, "a/b"],
      ],
      "HTTP_*": [
        ["a\rb", 5],
        [undefined, "", "a"],
      ],
    };
    const rows = table("key", "must be");

    it("every key of the table is checked", () => {
      const named = rows.flatMap(([key]) => [...(key ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]));
      expect(named).toEqual(Object.keys(VALUES));
      expect(rows.filter(([, form]) => form?.startsWith("absent")).map(([key]) => key)).toEqual(
        ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE`, `HTTP_*"].map(
          (key) => `\`${key}\``,
        ),
      );
    });

    it.each(Object.keys(VALUES))("%s", (name) => {
      const [refused, taken] = VALUES[name] ?? [[], []];
      const key = name.replace("*", "X_A");
      for (const value of refused) expect([value, thrownBy({ [key]: value })]).toMatchObject([value, { status: 500 }]);
      for (const value of taken) expect([value, thrownBy({ [key]: value })]).toEqual([value, undefined]);
    });

    it("a header's key has upper-case letters, digits and _ only", () => {
      expect(thrownBy({ HTTP_x: "a" })).toMatchObject({ code: "ERR_WSGI_ENVIRON" });
      expect(thrownBy({ "HTTP_X-A": "a" })).toMatchObject({ code: "ERR_WSGI_ENVIRON" });
    });
  });
});

describe("calling the app yourself", () => {
  it("startResponse comes before the return where the response is whole and its length known, else while iterating", async () => {
    const calls: string[] = [];
    const startResponse: StartResponse = (status) => {
      calls.push(status);
      return () => Promise.resolve();
    };
    await toWsgi((_req, res) => res.end("x"))(environOf() as Environ, startResponse);
    expect(calls).toEqual(["200 OK"]);
    const streaming = await toWsgi((_req, res) => void res.write("x"))(environOf(), startResponse);
    expect(calls).toHaveLength(1);
    const iterator = (streaming as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await iterator.next();
    expect(calls).toHaveLength(2);
    await streaming.close?.();
  });

  it("a body needs CONTENT_LENGTH or wsgi.input_terminated", async () => {
    const echo = toWsgi((req, res) => void req.pipe(res));
    const read = async (keys: object): Promise<string> =>
      (await play(echo, { body: "abc", keys: { ...keys } as Record<string, unknown> })).body;
    expect(await read({})).toBe("abc");
    expect(await read({ CONTENT_LENGTH: undefined })).toBe("abc"); // wsgi.input_terminated is there
    expect(await read({ CONTENT_LENGTH: undefined, "wsgi.input_terminated": undefined })).toBe("");
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
