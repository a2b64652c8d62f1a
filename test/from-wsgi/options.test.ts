import { afterEach, describe, expect, it } from "vitest";
import { type FromWsgiOptions, fromWsgi, OptionError, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { bytes } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, raw, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

const show: WsgiApp = (environ, startResponse) => {
  startResponse("200 OK", []);
  return [bytes(JSON.stringify(environ))];
};
const serve = async (options: FromWsgiOptions, app: WsgiApp = show): Promise<number> => {
  server = await listen(fromWsgi(app, { logger: new MemoryLogger(), ...options }));
  return server.port;
};

it.each([
  ["environ", { environ: {} }],
  ["passOn", { passOn: 404 }],
  ["passOn", { passOn: [100] }],
  ["passOn", { passOn: ["404"] }],
  ["stripForwarded", { stripForwarded: "yes" }],
  ["maxBodySize", { maxBodySize: -1 }],
  ["maxBodySize", { maxBodySize: Number.POSITIVE_INFINITY }],
  ["logger", { logger: { error() {} } }],
])("names the option %s if its value is invalid: %j", (option, options) => {
  for (const make of [fromWsgi, koaFromWsgi] as ((app: WsgiApp, options: never) => unknown)[]) {
    expect(() => make(show, options as never)).toThrow(OptionError);
    expect(() => make(show, options as never)).toThrow(option);
  }
});

describe("environ", () => {
  it("ENV-30, ENV-31: adds keys, such as REMOTE_USER, which no header can set", async () => {
    const port = await serve({ environ: (req) => ({ REMOTE_USER: `of ${req.method}`, "shop.db": { a: 1 } }) });
    const environ = JSON.parse((await rawGet(port, "/", "Remote-User: evil\r\nREMOTE_USER: evil\r\n")).body);
    expect(environ).toMatchObject({ REMOTE_USER: "of GET", "shop.db": { a: 1 }, HTTP_REMOTE_USER: "evil" });
  });

  it("ENV-18: leaves out keys without a value", async () => {
    const port = await serve({ environ: () => ({ REMOTE_USER: undefined, AUTH_TYPE: null }) });
    const environ = JSON.parse((await rawGet(port, "/")).body);
    expect(environ).not.toHaveProperty("REMOTE_USER");
    expect(environ).not.toHaveProperty("AUTH_TYPE");
  });

  it.each([
    ["a number", { REMOTE_USER: 1 }],
    ["a string with a character above U+00FF", { REMOTE_USER: "\u0416" }],
  ])("ENV-19, ENV-20: %s in a CGI key is an OptionError, and the app is not called", async (_, extra) => {
    const logger = new MemoryLogger();
    const port = await serve({ environ: () => extra, logger });
    expect((await rawGet(port, "/")).head).toMatch(/^HTTP\/1\.1 500 /);
    expect(logger.text).toContain("environ(request) returned an invalid value for REMOTE_USER");
  });

  it("an error of the callback is handled by the host", async () => {
    const logger = new MemoryLogger();
    const port = await serve({
      logger,
      environ: () => {
        throw new Error("no session");
      },
    });
    expect((await rawGet(port, "/")).head).toMatch(/^HTTP\/1\.1 500 /);
    expect(logger.text).toContain("no session");
  });
});

describe("stripForwarded", () => {
  const FORWARDED = [
    "X-Forwarded-For",
    "X-Forwarded-Anything",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "X-Remote-User",
  ];
  const headers = [...FORWARDED, "X-Request-Id"].map((name) => `${name}: v\r\n`).join("");
  const keysOf = async (port: number): Promise<string[]> =>
    Object.keys(JSON.parse((await rawGet(port, "/", headers)).body)).filter((key) => /^HTTP_(X_|FORW)/.test(key));

  it("SEC-08: removes all forms of these headers, and no others", async () => {
    expect(await keysOf(await serve({ stripForwarded: true }))).toEqual(["HTTP_X_REQUEST_ID"]);
  });

  it("SEC-08: without the option, they are passed on unchanged", async () => {
    expect(await keysOf(await serve({}))).toHaveLength(FORWARDED.length + 1);
  });
});

describe("maxBodySize", () => {
  const read: WsgiApp = async (environ, startResponse) => {
    const body = await environ["wsgi.input"].read();
    startResponse("200 OK", []);
    return [body];
  };
  const head = "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";

  it("SEC-15: a body of exactly that size is read", async () => {
    const port = await serve({ maxBodySize: 5 }, read);
    expect((await raw(port, `${head}Content-Length: 5\r\n\r\nabcde`)).body).toBe("abcde");
  });

  it("SEC-15: a larger body gets a 413 before the app is called", async () => {
    let called = false;
    const app: WsgiApp = (environ, startResponse) => {
      called = true;
      return read(environ, startResponse);
    };
    const port = await serve({ maxBodySize: 5 }, app);
    expect((await raw(port, `${head}Content-Length: 6\r\n\r\nabcdef`)).head).toMatch(/^HTTP\/1\.1 413 /);
    expect(called).toBe(false);
  });

  it("SEC-15: a body of unknown length gets a 413 when it exceeds the limit", async () => {
    const port = await serve({ maxBodySize: 5 }, read);
    const body = "4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n";
    expect((await raw(port, `${head}Transfer-Encoding: chunked\r\n\r\n${body}`)).head).toMatch(/^HTTP\/1\.1 413 /);
  });
});
