import { afterEach, describe, expect, it } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { type RawAnswer, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** The same app as `test/apps/hostile.py`: the path selects the attack. */
const hostile: WsgiApp = (environ, startResponse) => {
  const what = decodeURIComponent(environ.QUERY_STRING);
  const refuse = (): void => void startResponse("200 OK", [["X-Value", what]]);
  const attempts: Readonly<Record<string, () => void>> = {
    "/status": () => void startResponse(what, [["Content-Type", "text/plain"]]),
    "/name": () => void startResponse("200 OK", [[what, "x"]]),
    "/value": refuse,
    "/swallow": () => {
      try {
        refuse();
      } catch {
        // continues as if the head had been accepted
      }
    },
    "/disposition": () =>
      void startResponse("200 OK", [
        ["Content-Disposition", `attachment; filename="${what}"`],
        ["Content-Length", "4"],
      ]),
  };
  attempts[environ.PATH_INFO]?.();
  return [bytes("sent")];
};

const CONTROLS: readonly string[] = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).filter((char) => char !== "\t"),
  "\x7f",
];
const SPLITS: readonly string[] = [
  "a\r\nX-Injected: 1",
  "a\nX-Injected: 1",
  "a\rX-Injected: 1",
  "a\r\n\r\n<script>",
  "a\r\n X-Folded: 1",
  "\u010d\u010aX-Injected: 1", // the low bytes are CR and LF
  "\u560d\u560aX-Injected: 1",
  "\u{1f4a9}",
  ...CONTROLS.flatMap((char) => [`a${char}b`, `a${char}`, `${char}a`]),
];

/** Matches at the beginning of a line only: Express's development error page shows the escaped message inside a line. */
const SENT = /^(\s*X-Injected|\s*X-Folded|X-Value|sent)|<script>/im;

const APPS = [
  ...HOSTS.map((host) => ({
    name: `a JavaScript app on ${host.name}`,
    serve: () => host.serve(hostile, { logger: new MemoryLogger() }),
  })),
  { name: "a Python app", serve: (): Promise<TestServer> => hostPython("hostile:application") },
  {
    name: "a Python app with -O, which disables asserts",
    serve: (): Promise<TestServer> => hostPython("hostile:application", { env: { PYTHONOPTIMIZE: "1" } }),
  },
];

describe.each(APPS)("$name", ({ serve }) => {
  const attempt = async (path: string, what: string): Promise<RawAnswer> => {
    server ??= await serve();
    return rawGet(server.port, `${path}?${encodeURIComponent(what)}`);
  };

  it.each(["/value", "/name", "/swallow"])(
    "SEC-06: no control character and no character above U+00FF is sent (%s)",
    async (path) => {
      for (const split of SPLITS) {
        const { head, text } = await attempt(path, split);
        expect(head, JSON.stringify(split)).toMatch(/^HTTP\/1\.1 500 /);
        expect(text, JSON.stringify(split)).not.toMatch(SENT);
      }
    },
  );

  it("SEC-06, CVE-2025-67724: neither is sent in a status", async () => {
    for (const split of [...SPLITS.map((text) => `200 ${text}`), "200 OK\n", "200 OK\r\n", "\n200 OK", "200\tOK"]) {
      const { head, text } = await attempt("/status", split);
      expect(head, JSON.stringify(split)).toMatch(/^HTTP\/1\.1 500 /);
      expect(text, JSON.stringify(split)).not.toMatch(SENT);
    }
  });

  it("SEC-06: a tab and the bytes from 0x80 are allowed", async () => {
    const { head } = await attempt("/value", "a\tb\x80\x85\xa0\xff");
    expect(head).toContain("\r\nX-Value: a\tb\x80\x85\xa0\xff\r\n");
  });

  it.each([
    ["U+010D U+010A as UTF-8, which Node would decode again", "\xc4\x8d\xc4\x8aX-Injected: 1"],
    ["a name in UTF-8", "\xc3\xa9t\xc3\xa9.txt"],
    ["a name in latin-1", "\xe9t\xe9.txt"],
  ])("SEC-07, NODE-14: Content-Disposition is sent byte for byte: %s", async (_what, name) => {
    const { head, body } = await attempt("/disposition", name);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain(`\r\nContent-Disposition: attachment; filename="${name}"\r\n`);
    expect(head).not.toMatch(/\nX-Injected/);
    expect(body).toBe("sent");
  });

  it("SEC-07: characters above U+00FF do not become a line break", async () => {
    const { head } = await attempt("/disposition", "\u010d\u010aX-Injected: 1");
    expect(head).toMatch(/^HTTP\/1\.1 500 /);
    expect(head).not.toContain("X-Injected");
  });

  it.each(["100 Continue", "101 Switching Protocols", "103 Early Hints", "199 "])(
    "SEC-22: interim responses, which could bypass the checks, are refused: %s",
    async (status) => {
      expect((await attempt("/status", status)).head).toMatch(/^HTTP\/1\.1 500 /);
    },
  );
});

it.each(HOSTS)("SEC-22, FRM-22: wsgi.early_hints is not offered on $name", async (host) => {
  let keys: string[] = [];
  server = await host.serve((environ, startResponse) => {
    keys = Object.keys(environ);
    startResponse("200 OK", []);
    return [];
  });
  await rawGet(server.port, "/");
  expect(keys).toContain("wsgi.input");
  expect(keys).not.toContain("wsgi.early_hints");
});
