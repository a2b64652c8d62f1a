/** Properties that hold for every input. On failure, fast-check prints the seed and the smallest input that fails. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromWsgi, type HeaderPair, type WsgiApp } from "../../src/index.ts";
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import { BodyInput, EMPTY_INPUT } from "../../src/wsgi/input.ts";
import { LogErrors } from "../../src/wsgi/log-errors.ts";
import { percentDecode } from "../../src/wsgi/path.ts";
import { readEnviron } from "../../src/wsgi/read-environ.ts";
import { bytes } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

const around = {
  input: EMPTY_INPUT,
  errors: new LogErrors(new MemoryLogger()),
  length: undefined,
  multiprocess: false,
  stripForwarded: false,
};
const latin1 = (options: { minLength?: number } = {}) =>
  fc.string({ ...options, unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
const name = fc.stringMatching(/^x-[a-z0-9]{1,8}(-[a-z0-9]{1,5})?$/);
const rawHeaders = fc
  .uniqueArray(fc.tuple(name, latin1()), { selector: ([key]) => key, maxLength: 12 })
  .map((pairs) => pairs.flat());

describe("the environ translator", () => {
  const head: fc.Arbitrary<RequestHead> = fc.record({
    method: fc.stringMatching(/^[A-Za-z]{1,8}$/),
    scriptName: latin1().map((text) => (text === "" ? "" : `/${text.replaceAll("/", "")}`)),
    pathInfo: latin1().map((text) => `/${text}`),
    queryString: latin1(),
    target: latin1(),
    protocol: fc.constantFrom("HTTP/1.0", "HTTP/1.1", "HTTP/2.0"),
    scheme: fc.constantFrom("http" as const, "https" as const),
    host: fc.constant(undefined),
    serverName: latin1({ minLength: 1 }),
    serverPort: fc.nat(65535).map(String),
    remoteAddr: latin1(),
    mappedAddr: fc.constant(undefined),
    remotePort: fc.option(fc.nat(65535).map(String), { nil: undefined }),
    rawHeaders,
  });

  it("returns the same head from readEnviron(buildEnviron(head))", () => {
    fc.assert(
      fc.property(head, (one) => {
        expect(readEnviron(buildEnviron(one, around))).toEqual(one);
      }),
    );
  });

  it("SEC-04, SEC-05: turns any headers only into CGI keys and HTTP_ keys", () => {
    const known = new Set(
      Object.keys(buildEnviron({ ...fc.sample(head, 1)[0], rawHeaders: [] } as RequestHead, around)),
    );
    const anyHeaders = fc.array(fc.tuple(fc.string({ unit: "binary-ascii" }), latin1()), { maxLength: 12 });
    fc.assert(
      fc.property(head, anyHeaders, (one, headers) => {
        const odd = [...headers, ["__proto__", "x"], ["X_A", "y"]].flat();
        const environ = buildEnviron({ ...one, rawHeaders: odd }, around);
        for (const key of Object.keys(environ)) {
          if (!known.has(key)) expect(key).toMatch(/^(HTTP_[A-Z0-9_]+|CONTENT_(TYPE|LENGTH)|REMOTE_PORT|HTTPS)$/);
        }
        expect(Object.getPrototypeOf(environ)).toBeNull();
      }),
    );
  });

  it("NODE-08: decodes percent-encoded bytes to the same bytes", () => {
    const someBytes = fc.uint8Array({ maxLength: 40 }).map((all) => all.filter((byte) => byte !== 0));
    fc.assert(
      fc.property(someBytes, fc.boolean(), (all, upper) => {
        const escaped = [...all].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
        expect(Buffer.from(percentDecode(upper ? escaped.toUpperCase() : escaped), "latin1")).toEqual(Buffer.from(all));
      }),
    );
  });
});

describe("wsgi.input", () => {
  type Call = readonly ["read" | "readline" | "readlines", number | undefined];
  const size = fc.option(fc.integer({ min: -1, max: 30 }), { nil: undefined });
  const calls: fc.Arbitrary<Call[]> = fc.array(fc.tuple(fc.constantFrom("read", "readline", "readlines"), size), {
    maxLength: 8,
  });
  const chunks = fc.array(fc.stringMatching(/^[ab\n]{1,12}$/), { maxLength: 10 });

  /** Makes the same calls on the complete body and returns what a Python file would return. */
  function model(whole: string, all: readonly Call[]): unknown[] {
    let rest = whole;
    const take = (count: number): string => {
      const taken = rest.slice(0, count);
      rest = rest.slice(count);
      return taken;
    };
    const limit = (count: number | undefined): number => (count === undefined || count < 0 ? rest.length : count);
    const line = (count: number | undefined): string => {
      const end = rest.indexOf("\n");
      return take(Math.min(end === -1 ? rest.length : end + 1, limit(count)));
    };
    return all.map(([method, count]) => {
      if (method === "read") return take(limit(count));
      if (method === "readline") return line(count);
      const hint = count === undefined || count <= 0 ? Number.POSITIVE_INFINITY : count;
      const lines: string[] = [];
      for (let held = 0; held < hint && rest !== ""; held += lines.at(-1)?.length ?? 0) lines.push(line(undefined));
      return lines;
    });
  }

  it("INP-02..07: reads the same from every method, however the body is split into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(chunks, calls, async (parts, all) => {
        const source = parts.map(bytes);
        const input = new BodyInput({ next: () => Promise.resolve(source.shift()) });
        const text = (block: Uint8Array): string => Buffer.from(block).toString("latin1");
        const answers: unknown[] = [];
        for (const [method, count] of all) {
          const answer = await input[method](count);
          answers.push(Array.isArray(answer) ? answer.map(text) : text(answer));
        }
        expect(answers).toEqual(model(parts.join(""), all));
      }),
      { numRuns: 300 },
    );
  });

  it("INP-07: iterates over the same lines, however the body is split into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const source = parts.map(bytes);
        const lines: string[] = [];
        const input = new BodyInput({ next: () => Promise.resolve(source.shift()) });
        for await (const line of input) lines.push(Buffer.from(line).toString("latin1"));
        expect(lines).toEqual(parts.join("").match(/[^\n]*\n|[^\n]+$/g) ?? []);
      }),
    );
  });
});

describe("the head of a response", () => {
  let server: TestServer;
  let given: { status: string; headers: HeaderPair[] };
  let refused: boolean;
  const app: WsgiApp = (_environ, startResponse) => {
    refused = false;
    try {
      startResponse(given.status, given.headers);
    } catch (error) {
      refused = true;
      throw error;
    }
    return [bytes("x")];
  };
  beforeAll(async () => {
    server = await listen(fromWsgi(app, { logger: new MemoryLogger() }));
  });
  afterAll(() => server.close());

  const anyText = fc.string({
    unit: fc.integer({ min: 0, max: 0x17f }).map((code) => String.fromCharCode(code)),
    maxLength: 12,
  });
  const fieldName = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,6}$/) },
    anyText,
  );
  const fieldValue = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[!-~\x80-\xff]{0,12}$/) }, anyText);

  it("HDR-01..03, SEC-06: either refuses a header list in startResponse or sends it byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 4 }), async (headers) => {
        given = { status: "200 OK", headers };
        const { head } = await rawGet(server.port, "/");
        if (refused) {
          expect(head).toMatch(/^HTTP\/1\.1 500 /);
          return;
        }
        const received = head.split("\r\n").slice(1);
        for (const [key, value] of headers) expect(received).toContain(`${key}: ${value}`);
      }),
      { numRuns: 200 },
    );
  });

  it("SR-12, SR-14: either refuses a status in startResponse or sends it byte for byte", async () => {
    const status = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 1100 }), fieldValue).map(([code, reason]) => `${code} ${reason}`),
      anyText,
    );
    await fc.assert(
      fc.asyncProperty(status, async (one) => {
        given = { status: one, headers: [] };
        const { head } = await rawGet(server.port, "/");
        expect(head.split("\r\n")[0]).toBe(`HTTP/1.1 ${refused ? "500 Internal Server Error" : one}`);
      }),
      { numRuns: 200 },
    );
  });
});
