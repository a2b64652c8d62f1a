/** `wsgi.input`, `wsgi.errors` and bodies on their way in (PEP 3333, "Input and Error Streams"; INP, ERR, EXP). */
import type { InputStream, WsgiApp } from "../../../src/index.ts";
import { type Apps, both, text } from "../apps.ts";
import type { Case, RequestParts } from "../types.ts";

const post = (body: string): RequestParts => ({ method: "POST", body });
const LONG_LINE = `${"0123456789".repeat(20_000)}\n`;
const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));

type Read = [method: "read" | "readline" | "readlines", size?: number];

/** Calls methods one after another and shows what each gave: blocks in brackets, lists of them in more. */
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

/** Gives back what it reads. */
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
    name: "INP-01, INP-02, INP-08: read(n) gives at most n bytes, and none only at the end",
    request: post("abcdefg"),
    ...reads(["read", 3], ["read", 0], ["read", 3], ["read", 3], ["read", 3]),
    expect: { body: "<abc> <> <def> <g> <>" },
  },
  {
    name: "INP-03: read() gives the rest",
    breaks: true, // wsgiref.validate wants exactly one argument
    request: post("abcdefg"),
    ...reads(["read", 2], ["read"], ["read"]),
    expect: { body: "<ab> <cdefg> <>" },
  },
  {
    name: "INP-03: read(-1) gives the rest",
    request: post("abcdefg"),
    ...reads(["read", 2], ["read", -1]),
    expect: { body: "<ab> <cdefg>" },
  },
  {
    name: "INP-04: the end is the end, however often one asks",
    request: post("abc"),
    ...reads(["read", 100], ["read", 100], ["readline"], ["readlines"], ["read", -1]),
    expect: { body: "<abc> <> <> [] <>" },
  },
  {
    name: "INP-05: readline() and readline(n)",
    request: post("abc\ndef\n\ngh"),
    ...reads(["readline"], ["readline", 2], ["readline", 9], ["readline"], ["readline", 9], ["readline"]),
    expect: { body: "<abc\n> <de> <f\n> <\n> <gh> <>" },
  },
  {
    name: "INP-05: a line is whole, in however many pieces it came",
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
    name: "INP-06: readlines(hint) counts bytes, and adds nothing to the last line",
    request: post("ab\ncd\nef\ngh"),
    ...reads(["readlines", 4], ["readlines"]),
    expect: { body: "[<ab\n>,<cd\n>] [<ef\n>,<gh>]" },
  },
  {
    name: "INP-06: readlines() of no body is empty",
    ...reads(["readlines"], ["readlines", 5]),
    expect: { body: "[] []" },
  },
  {
    name: "INP-07: iteration gives lines",
    request: post("ab\n\ncd"),
    ...both("iterates", async (environ, startResponse) => text(startResponse, await lines(environ["wsgi.input"]))),
    expect: { body: "<ab\n><\n><cd>" },
  },
  {
    name: "INP-10: a request without a body has its end at once",
    ...reads(["read", 10], ["readline"], ["read", -1]),
    expect: { body: "<> <> <>" },
  },
  {
    name: "INP-08, ITER-12: every byte comes in and goes out as it is",
    request: post(EVERY_BYTE),
    ...echo,
    expect: { body: EVERY_BYTE },
  },
  {
    name: "INP-01: a large body, sized (Plack: big POST)",
    request: post("0123456789abcdef".repeat(100_000)),
    ...echo,
    expect: { body: "0123456789abcdef".repeat(100_000) },
  },
  {
    name: "INP-11: a body that nobody reads is not the next request",
    request: { ...post("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"), times: 3 },
    ...both("ignores_input", (_environ, startResponse) => text(startResponse, "not read")),
    expect: { body: "not read" },
  },
  {
    name: "INP-11: nor is the rest of one that is read in part",
    request: { ...post("0123456789".repeat(5000)), times: 3 },
    ...reads(["read", 4]),
    expect: { body: "<0123>" },
  },
  {
    name: "INP-12: an app that closes its input does nothing to the connection",
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
    name: "INP-09: a client that leaves in the middle of its body is no end of it",
    request: { method: "POST", headers: [["Content-Length", "10"]], body: "abc", leaves: true },
    app: async (environ, startResponse) => {
      const read = await environ["wsgi.input"].read().then(showBlocks, (error: Error) => error.name);
      environ["wsgi.errors"].write(`read: ${read}\n`);
      return text(startResponse, "too late");
    },
    expect: { status: 0, log: [/^read: ClientDisconnectError$/m] },
    // Node's parser answers what breaks off in the middle.
    but: { express: { status: 400 }, koa: { status: 400 }, node: { status: 400 } },
  },
  {
    name: "EXP-05: a chunked body is read without its chunks",
    request: { method: "POST", chunks: ["abc", "d", "0123456789".repeat(2000)] },
    ...echo,
    expect: { body: `abcd${"0123456789".repeat(2000)}` },
  },
  {
    name: "EXP-05: a JavaScript app is given a chunked body as it comes, without a length",
    request: { method: "POST", chunks: ["abc", "def"] },
    app: async (environ, startResponse) =>
      text(startResponse, `${environ.CONTENT_LENGTH} ${showBlocks(await environ["wsgi.input"].read(4))}`),
    expect: { body: "undefined <abcd>" },
  },
  {
    name: "EXP-05: a Python app is given a chunked body with its length",
    request: { method: "POST", chunks: ["abc", "def"] },
    twin: { name: "show", args: ["CONTENT_LENGTH"] },
    expect: { body: "CONTENT_LENGTH=6" },
  },
  {
    name: "EXP-01: Expect: 100-continue is answered before the body is asked for",
    only: "http1",
    request: { ...post("abc"), headers: [["Expect", "100-continue"]] },
    ...echo,
    expect: { body: "abc", interim: [100] },
  },
  {
    name: "EXP-03: another expectation is refused by Node",
    only: "http1",
    request: { ...post("abc"), headers: [["Expect", "a miracle"]] },
    ...echo,
    expect: { status: 417 },
  },
  {
    name: "ERR-01, ERR-02, ERR-04: wsgi.errors takes any text, and the client sees none of it",
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
    name: "ERR-03, ERR-05: lines end with a line feed, and control characters are made visible",
    ...both("says_controls", (environ, startResponse) => {
      environ["wsgi.errors"].write("a\x1b[31mb\x00\r\nforged\x7f\n");
      return text(startResponse, "quiet");
    }),
    expect: { body: "quiet", log: [/^a\\x1b\[31mb\\x00\nforged\\x7f$/] },
  },
];
