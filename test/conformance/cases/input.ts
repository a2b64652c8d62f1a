/** `wsgi.input`, `wsgi.errors` and request bodies (PEP 3333, "Input and Error Streams"; INP, ERR, EXP). */
import type { InputStream, WsgiApp } from "../../../src/index.ts";
import { type Apps, both, text } from "../apps.ts";
import type { Case, RequestParts } from "../types.ts";

const post = (body: string): RequestParts => ({ method: "POST", body });
const LONG_LINE = `${"0123456789".repeat(20_000)}\n`;
const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));

type Read = [method: "read" | "readline" | "readlines", size?: number];

/** Returns apps that call these methods in turn and show the results: `<block>`, or `[<block>,<block>]` for a list. */
function reads(...calls: Read[]): Apps {
  const app: WsgiApp = async (environ, startResponse) => {
    const shown: string[] = [];
    for (const [method, ...size] of calls) shown.push(showBlocks(await environ["wsgi.input"][method](...size)));
    return text(startResponse, shown.join(" "));
  };
  return both("reads", app, ...calls);
}

function showBlocks(read: Uint8Array | Uint8Array[]): string {
  if (Array.isArray(read)) return `[${read.map(showBlocks)}]`;
  return read instanceof Uint8Array ? `<${Buffer.from(read).toString("latin1")}>` : typeof read;
}

/** Apps that respond with the body of the request. */
const echo: Apps = both("echo", async (environ, startResponse) => {
  const body = await environ["wsgi.input"].read(-1);
  return text(startResponse, Buffer.from(body).toString("latin1"));
});

const lines = async (input: InputStream): Promise<string> => {
  let shown = "";
  for await (const line of input) shown += showBlocks(line);
  return shown;
};

export const INPUT: readonly Case[] = [
  {
    name: "INP-01, INP-02, INP-08: read(n) returns at most n bytes, and no bytes only at the end",
    request: post("abcdefg"),
    ...reads(["read", 3], ["read", 0], ["read", 3], ["read", 3], ["read", 3]),
    expect: { body: "<abc> <> <def> <g> <>" },
  },
  {
    name: "INP-03: read() returns the rest",
    breaks: true, // wsgiref.validate requires exactly one argument
    request: post("abcdefg"),
    ...reads(["read", 2], ["read"], ["read"]),
    expect: { body: "<ab> <cdefg> <>" },
  },
  {
    name: "INP-03: read(-1) returns the rest",
    request: post("abcdefg"),
    ...reads(["read", 2], ["read", -1]),
    expect: { body: "<ab> <cdefg>" },
  },
  {
    name: "INP-04: every method returns nothing after the end, however often it is called",
    request: post("abc"),
    ...reads(["read", 100], ["read", 100], ["readline"], ["readlines"], ["read", -1]),
    expect: { body: "<abc> <> <> [] <>" },
  },
  {
    name: "INP-05: readline() returns a line, readline(n) at most n bytes of it",
    request: post("abc\ndef\n\ngh"),
    ...reads(["readline"], ["readline", 2], ["readline", 9], ["readline"], ["readline", 9], ["readline"]),
    expect: { body: "<abc\n> <de> <f\n> <\n> <gh> <>" },
  },
  {
    name: "INP-05: readline() returns a complete line, however many pieces it arrived in",
    request: post(`${LONG_LINE}next`),
    ...reads(["readline"], ["readline"]),
    expect: { body: `<${LONG_LINE}> <next>` },
  },
  {
    name: "INP-05: readline(n) waits for n bytes",
    request: post(LONG_LINE),
    ...reads(["readline", 150_000], ["readline"]),
    expect: { body: `<${LONG_LINE.slice(0, 150_000)}> <${LONG_LINE.slice(150_000)}>` },
  },
  {
    name: "INP-06: readlines(hint) stops after hint bytes and returns only complete lines",
    request: post("ab\ncd\nef\ngh"),
    ...reads(["readlines", 4], ["readlines"]),
    expect: { body: "[<ab\n>,<cd\n>] [<ef\n>,<gh>]" },
  },
  {
    name: "INP-06: readlines() returns an empty list if there is no body",
    ...reads(["readlines"], ["readlines", 5]),
    expect: { body: "[] []" },
  },
  {
    name: "INP-07: iteration yields lines",
    request: post("ab\n\ncd"),
    ...both("iterates", async (environ, startResponse) => text(startResponse, await lines(environ["wsgi.input"]))),
    expect: { body: "<ab\n><\n><cd>" },
  },
  {
    name: "INP-10: every method returns nothing at once if there is no body",
    ...reads(["read", 10], ["readline"], ["read", -1]),
    expect: { body: "<> <> <>" },
  },
  {
    name: "INP-08, ITER-12: passes every byte value in and out unchanged",
    request: post(EVERY_BYTE),
    ...echo,
    expect: { body: EVERY_BYTE },
  },
  {
    name: "INP-01: passes a large body with a Content-Length (Plack: big POST)",
    request: post("0123456789abcdef".repeat(100_000)),
    ...echo,
    expect: { body: "0123456789abcdef".repeat(100_000) },
  },
  {
    name: "INP-11: does not take a body that the app leaves unread for the next request",
    request: { ...post("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"), times: 3 },
    ...both("ignores_input", (_environ, startResponse) => text(startResponse, "not read")),
    expect: { body: "not read" },
  },
  {
    name: "INP-11: does not take the unread rest of a body for the next request",
    request: { ...post("0123456789".repeat(5000)), times: 3 },
    ...reads(["read", 4]),
    expect: { body: "<0123>" },
  },
  {
    name: "INP-12: keeps the connection if the app closes its input",
    breaks: true,
    request: { ...post("abcdefg"), times: 2 },
    ...both("closes_input", async (environ, startResponse) => {
      const input = environ["wsgi.input"] as InputStream & { close?(): void };
      const body = await input.read(2);
      input.close?.();
      return text(startResponse, showBlocks(body));
    }),
    expect: { body: "<ab>" },
  },
  {
    name: "INP-09: raises an error, and no end of the body, when the client disconnects while sending it",
    request: { method: "POST", headers: [["Content-Length", "10"]], body: "abc", leaves: true },
    app: async (environ, startResponse) => {
      const read = await environ["wsgi.input"].read().then(showBlocks, (error: Error) => error.name);
      environ["wsgi.errors"].write(`read: ${read}\n`);
      return text(startResponse, "too late");
    },
    expect: { status: 0, log: [/^read: ClientDisconnectError$/m] },
    // Node's parser responds to a request that ends too early.
    overrides: { express: { status: 400 }, koa: { status: 400 }, node: { status: 400 } },
  },
  {
    name: "EXP-05: decodes a chunked body",
    request: { method: "POST", chunks: ["abc", "d", "0123456789".repeat(2000)] },
    ...echo,
    expect: { body: `abcd${"0123456789".repeat(2000)}` },
  },
  {
    name: "EXP-05: passes a chunked body to a JavaScript app as it arrives, without CONTENT_LENGTH",
    request: { method: "POST", chunks: ["abc", "def"] },
    app: async (environ, startResponse) =>
      text(startResponse, `${environ.CONTENT_LENGTH} ${showBlocks(await environ["wsgi.input"].read(4))}`),
    expect: { body: "undefined <abcd>" },
  },
  {
    name: "EXP-05: passes a chunked body to a Python app with CONTENT_LENGTH",
    request: { method: "POST", chunks: ["abc", "def"] },
    twin: { name: "show", args: ["CONTENT_LENGTH"] },
    expect: { body: "CONTENT_LENGTH=6" },
  },
  {
    name: "EXP-01: responds to Expect: 100-continue when the app reads the body",
    only: "http1",
    request: { ...post("abc"), headers: [["Expect", "100-continue"]] },
    ...echo,
    expect: { body: "abc", interim: [100] },
  },
  {
    name: "EXP-03: lets Node refuse other expectations",
    only: "http1",
    request: { ...post("abc"), headers: [["Expect", "a miracle"]] },
    ...echo,
    expect: { status: 417 },
  },
  {
    name: "ERR-01, ERR-02, ERR-04: wsgi.errors accepts any text and sends none of it to the client",
    ...both("says", (environ, startResponse) => {
      const errors = environ["wsgi.errors"];
      errors.write("caf\u00e9 \u2713 \ud83d\ude00\n");
      errors.writelines(["two ", "pieces\n", "three\n"]);
      errors.flush();
      return text(startResponse, "quiet");
    }),
    expect: { body: "quiet", log: [/^café ✓ 😀\ntwo pieces\nthree$/] },
  },
  {
    name: "ERR-03, ERR-05: wsgi.errors splits lines at line feeds and escapes control characters",
    ...both("says_controls", (environ, startResponse) => {
      environ["wsgi.errors"].write("a\x1b[31mb\x00\r\nforged\x7f\n");
      return text(startResponse, "quiet");
    }),
    expect: { body: "quiet", log: [/^a\\x1b\[31mb\\x00\nforged\\x7f$/] },
  },
];
