import { afterEach, describe, expect, it } from "vitest";
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import { EMPTY_INPUT } from "../../src/wsgi/input.ts";
import { printable } from "../../src/wsgi/log.ts";
import { LogErrors } from "../../src/wsgi/log-errors.ts";
import { percentDecode, splitTarget, targetAuthority } from "../../src/wsgi/path.ts";
import { vetHead } from "../../src/wsgi/vetting.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { Recorder } from "../support/raw-requests.ts";
import { raw, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Shown = Readonly<Record<string, unknown>>;

describe.each(HOSTS)("request headers on $name", (host) => {
  const environOf = async (headers: readonly string[]): Promise<Shown> => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, { logger: new MemoryLogger() });
    await rawGet(server.port, "/a", headers.map((line) => `${line}\r\n`).join(""));
    await server.close();
    return recorder.calls[0]?.environ ?? {};
  };
  /** The keys that are not headers and are the same in every request. */
  const variables = (environ: Shown): [string, unknown][] =>
    Object.entries(environ).filter(
      ([key, value]) => !/^HTTP_|_PORT$|request_id$/.test(key) && typeof value !== "object",
    );

  it.each(["Proxy", "PROXY", "proxy", "pRoXy", "Proxy_", "_Proxy", "HTTP_PROXY", "http-proxy"])(
    "SEC-01: %s does not become HTTP_PROXY",
    async (name) => {
      expect(await environOf([`${name}: http://6.6.6.6/`])).not.toHaveProperty("HTTP_PROXY");
    },
  );

  it("SEC-02: a name with characters other than letters, digits and - sets nothing", async () => {
    const odd = "!#$%&'*+.^_`|~".split("").map((char) => `X${char}A: spoofed`);
    const environ = await environOf(odd);
    expect(Object.values(environ)).not.toContain("spoofed");
  });

  it("SEC-03: of several names for the same variable, only the one with - is used, in any order", async () => {
    const spoofed = ["X_A-B: spoofed", "X-A_B: spoofed", "X_A_B: spoofed"];
    expect(await environOf([...spoofed, "X-A-B: true"])).toMatchObject({ HTTP_X_A_B: "true" });
    expect(await environOf(["X-A-B: true", ...spoofed])).toMatchObject({ HTTP_X_A_B: "true" });
    expect(await environOf(spoofed)).not.toHaveProperty("HTTP_X_A_B");
  });

  it("SEC-04: no header changes a variable other than HTTP_*", async () => {
    const plain = await environOf([]);
    const keys = [...Object.keys(plain), "REMOTE_USER", "AUTH_TYPE", "HTTPS", "SSL_CLIENT_CERT", "wsgi.script"];
    const names = keys.filter((key) => !key.startsWith("HTTP_")).flatMap((key) => [key, key.replaceAll(/[_.]/g, "-")]);
    expect(names).toContain("PATH-INFO");
    const spoofed = await environOf(names.map((name) => `${name}: spoofed`));
    expect(variables(spoofed)).toEqual(variables(plain));
  });

  it("SEC-05: the environ inherits nothing, and no header changes Object.prototype", async () => {
    let prototype: unknown = "never called";
    server = await host.serve((environ, startResponse) => {
      prototype = Object.getPrototypeOf(environ);
      startResponse("200 OK", []);
      return [];
    });
    const names = ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"];
    const { head } = await rawGet(server.port, "/", names.map((name) => `${name}: polluted\r\n`).join(""));
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(prototype).toBeNull();
    expect(Object.values(Object.getOwnPropertyDescriptors(Object.prototype)).map(({ value }) => value)).not.toContain(
      "polluted",
    );
  });

  it("SEC-14: Connection removes no header, and is not passed on itself", async () => {
    const environ = await environOf(["Connection: X-Real-Ip, Cookie", "X-Real-Ip: 10.0.0.1", "Cookie: a=1"]);
    expect(environ).toMatchObject({ HTTP_X_REAL_IP: "10.0.0.1", HTTP_COOKIE: "a=1" });
    expect(environ).not.toHaveProperty("HTTP_CONNECTION");
  });

  it("SEC-23: trailers do not change the environ, neither before nor after the body is read", async () => {
    const after: Shown[] = [];
    const recorder = new Recorder();
    server = await host.serve(
      async (environ, startResponse) => {
        const result = await recorder.app(environ, startResponse);
        after.push({ ...environ });
        return result;
      },
      { logger: new MemoryLogger() },
    );
    const head = "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const trailers = ["Host: evil", "X-Forwarded-Proto: https", "Authorization: Basic eA==", "X-Remote-User: root"];
    await raw(server.port, `${head}1\r\nx\r\n0\r\n${trailers.join("\r\n")}\r\n\r\n`);
    expect(await recorder.calls[0]?.body).toBe("x");
    expect(after).toHaveLength(1);
    expect(after[0]).toEqual({ ...recorder.calls[0]?.environ });
    expect(after[0]).toMatchObject({ HTTP_HOST: "test", "wsgi.url_scheme": "http" });
    for (const key of ["HTTP_X_FORWARDED_PROTO", "HTTP_AUTHORIZATION", "HTTP_X_REMOTE_USER", "CONTENT_LENGTH"]) {
      expect(after[0]).not.toHaveProperty(key);
    }
  });
});

describe("SEC-16: the work on a head is proportional to its size", () => {
  const head = (rawHeaders: readonly string[]): RequestHead => ({
    method: "GET",
    scriptName: "",
    pathInfo: "/",
    queryString: "",
    target: "/",
    protocol: "HTTP/1.1",
    scheme: "http",
    host: undefined,
    serverName: "test",
    serverPort: "80",
    remoteAddr: "",
    mappedAddr: undefined,
    remotePort: undefined,
    rawHeaders,
  });
  const build = (rawHeaders: readonly string[]): Shown =>
    buildEnviron(head(rawHeaders), {
      input: EMPTY_INPUT,
      errors: new LogErrors(new MemoryLogger()),
      length: undefined,
      multiprocess: false,
      stripForwarded: true,
    });

  it.each(["Cookie", "X-Repeat", "X-Forwarded-For"])("10,000 times %s: ten times as many accesses as 1,000", (name) => {
    const looks = (count: number): number => {
      let seen = 0;
      const list = Array.from({ length: count }, () => [name, "value"]).flat();
      const watched = new Proxy(list, {
        get(target, key) {
          seen += 1;
          return Reflect.get(target, key);
        },
      });
      build(watched);
      return seen;
    };
    expect(looks(10_000)).toBeLessThanOrEqual(looks(1_000) * 10);
  });

  it("10,000 repeated fields are all passed on", () => {
    const environ = build(Array.from({ length: 10_000 }, (_, n) => ["Cookie", `c${n}=1`]).flat());
    expect(String(environ.HTTP_COOKIE).split("; ")).toHaveLength(10_000);
  });

  /** In quadratic time, each of these would need about 10 ** 11 steps: the test would not end. */
  const long = (part: string): string => part.repeat(300_000);
  it.each([
    ["Host", () => expect(() => vetHead(head(["Host", `${long("a")}/`]))).toThrow("too long")],
    ["authority", () => expect(() => vetHead({ ...head([]), host: `${long("a.")}/` })).toThrow("Host")],
    ["bracketed authority", () => expect(() => vetHead({ ...head([]), host: long("[") })).toThrow("Host")],
    ["authority's port", () => expect(() => vetHead({ ...head([]), host: `h${long(":1")}` })).toThrow("Host")],
    ["path", () => expect(percentDecode(long("%2"))).toHaveLength(600_000)],
    ["scheme", () => expect(targetAuthority(long("a"))).toBeUndefined()],
    ["target", () => expect(splitTarget(`h:${long("//?#")}`).query).toBe("")],
    ["log line", () => expect(printable(long("\x1b"))).toHaveLength(1_200_000)],
  ])("a hostile %s", (_name, look) => {
    look();
  });
});
