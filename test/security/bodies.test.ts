import { afterEach, describe, expect, it } from "vitest";
import type { Environ, FromWsgiOptions, WsgiApp } from "../../src/index.ts";
import { bytes, signal } from "../support/bytes.ts";
import { HOSTS, type Host } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { CANARY } from "../support/raw-requests.ts";
import { brought, raw, rawConnection, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const HEAD = "POST /form HTTP/1.1\r\nHost: test\r\n";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n";
/** A body whose bytes look like requests. */
const bait = (size: number): string => SMUGGLED.repeat(Math.ceil(size / SMUGGLED.length)).slice(0, size);
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const STATUS = /HTTP\/1\.1 \d{3}/g;

/** An app that responds with the number of bytes it has read, and the paths of all its calls. */
function reader(read: (environ: Environ) => Promise<Uint8Array> | undefined): { paths: string[]; app: WsgiApp } {
  const paths: string[] = [];
  const app: WsgiApp = (environ, startResponse) => {
    paths.push(environ.PATH_INFO);
    const answer = (body: Uint8Array): Uint8Array[] => {
      startResponse("200 OK", [["Content-Type", "text/plain"]]);
      return [bytes(`read ${body.length}`)];
    };
    const reading = read(environ);
    return reading === undefined ? answer(new Uint8Array(0)) : reading.then(answer);
  };
  return { paths, app };
}

const nothing = (): undefined => undefined;
const some = (environ: Environ): Promise<Uint8Array> => environ["wsgi.input"].read(10);
const all = (environ: Environ): Promise<Uint8Array> => environ["wsgi.input"].read();
const fails = (): never => {
  throw new Error("before it has read");
};

/** Express's error handling (finalhandler) reads a body to its end before it responds; Node's requestTimeout limits that. */
const answersLate = ({ name }: Host): boolean => name.startsWith("Express");

describe.each(HOSTS)("a body on $name", (host) => {
  const serve = async (app: WsgiApp, options: FromWsgiOptions = {}): Promise<number> => {
    server = await host.serve(app, { logger: new MemoryLogger(), ...options });
    return server.port;
  };

  it.each([
    ["nothing", nothing],
    ["some", some],
    ["all", all],
  ])(
    "SEC-13, INP-11: after the app has read %s of a small body, the next request is found behind it",
    async (_much, read) => {
      const { paths, app } = reader(read);
      const body = bait(60_000);
      const { text } = await raw(await serve(app), `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}${CANARY}`);
      expect(text.match(STATUS)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
      expect(paths).toEqual(["/form", "/canary"]);
    },
  );

  it.each([
    ["a large body, unread,", "Content-Length: 1000000\r\n\r\n", nothing],
    ["a large body, partly read,", "Content-Length: 1000000\r\n\r\n", some],
    ["a body of unknown length, unread,", "Transfer-Encoding: chunked\r\n\r\nffff\r\n", nothing],
    ["a body of unknown length, partly read,", "Transfer-Encoding: chunked\r\n\r\nffff\r\n", some],
  ])("SEC-13, INP-11: %s closes the connection", async (_which, fields, read) => {
    const { paths, app } = reader(read);
    const socket = await rawConnection(await serve(app), `${HEAD}${fields}${bait(5000)}`);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    expect(await brought(socket, "read ")).toMatch(/^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Connection: close\r\n/);
    await closed;
    expect(paths).toEqual(["/form"]);
  });

  it("SEC-13: data behind an unread body of unknown length does not reach the app", async () => {
    const { paths, app } = reader(nothing);
    const { text } = await raw(
      await serve(app),
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked(bait(500))}${CANARY}`,
    );
    const answers = text.match(STATUS);
    expect(paths).toEqual(answers?.length === 2 ? ["/form", "/canary"] : ["/form"]);
  });

  it("SEC-13: an app that fails before it has read a large body closes the connection", async () => {
    const { paths, app } = reader(fails);
    const socket = await rawConnection(await serve(app), `${HEAD}Content-Length: 1000000\r\n\r\n${bait(5000)}`);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    if (answersLate(host)) socket.write(bait(995_000));
    expect(await brought(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 500 .*\r\n(.*\r\n)*Connection: close\r\n/i);
    await closed;
    expect(paths).toEqual(["/form"]);
  });

  it("SEC-13, INP-09: if the client disconnects during its body, the read fails, and nothing is logged", async () => {
    const failed = signal<unknown>();
    const begun = signal();
    const logger = new MemoryLogger();
    const app: WsgiApp = async (environ) => {
      begun.fire();
      try {
        return [await environ["wsgi.input"].read()];
      } catch (error) {
        failed.fire(error);
        throw error;
      }
    };
    const socket = await rawConnection(await serve(app, { logger }), `${HEAD}Content-Length: 100\r\n\r\nhalf`);
    await begun.promise;
    socket.destroy();
    expect(await failed.promise).toMatchObject({ code: "ERR_WSGI_CLIENT_DISCONNECT" });
    expect(logger.lines).toEqual([]);
  });

  it.each([
    ["declared", "Content-Length: 11\r\n\r\n01234567890", []],
    ["sent in one chunk", `Transfer-Encoding: chunked\r\n\r\n${chunked("01234567890")}`, ["/form"]],
    ["sent in many chunks", `Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(11)}0\r\n\r\n`, ["/form"]],
  ])("SEC-15: a body larger than maxBodySize gets a 413 and closes the connection: %s", async (_how, rest, calls) => {
    const { paths, app } = reader(all);
    const { head, text } = await raw(await serve(app, { maxBodySize: 10 }), HEAD + rest + CANARY);
    expect(head).toMatch(/^HTTP\/1\.1 413 .*\r\n(.*\r\n)*Connection: close(\r\n|$)/i);
    expect(text.match(STATUS)).toHaveLength(1);
    expect(paths).toEqual(calls);
  });

  it.each([
    ["Content-Length: 10\r\n\r\n0123456789", 10],
    [`Transfer-Encoding: chunked\r\n\r\n${chunked("0123456789")}`, 10],
    ["Content-Length: 0\r\n\r\n", 0],
  ])("SEC-15: a body of exactly that size is read: %j", async (rest, maxBodySize) => {
    const { paths, app } = reader(all);
    const { text } = await raw(await serve(app, { maxBodySize }), HEAD + rest + CANARY);
    expect(text).toContain(`read ${maxBodySize}`);
    expect(paths).toEqual(["/form", "/canary"]);
  });
});

it.each(HOSTS.filter((host) => !answersLate(host)))(
  "SEC-15: a body larger than maxBodySize is refused before it arrives, on $name",
  async (host) => {
    const { paths, app } = reader(all);
    server = await host.serve(app, { logger: new MemoryLogger(), maxBodySize: 10 });
    const { head } = await raw(server.port, `${HEAD}Content-Length: 999999999999999\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 413 .*\r\n(.*\r\n)*Connection: close(\r\n|$)/i);
    expect(paths).toEqual([]);
  },
);

describe("a body for a Python app", () => {
  it.each([
    ["a small body", 500],
    ["a large body", 200_000],
  ])(
    "SEC-13: %s that the app leaves unread is skipped, and the next request is found behind it",
    async (_which, size) => {
      const { port } = await hostPython("probe:application");
      const body = bait(size);
      const head = HEAD.replace("/form", "/ignore-body");
      const rest = CANARY.replace("/canary", "/hello");
      const { text } = await raw(port, `${head}Content-Length: ${size}\r\n\r\n${body}${rest}`);
      expect(text.match(STATUS)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
      expect(text).toMatch(/ignored.*hello$/s);
    },
  );
});
