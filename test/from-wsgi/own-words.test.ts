/** Status and headers are sent as the app set them; neither Node nor a framework adds any (NODE-18, NODE-31, NODE-34). */
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { HOSTS, HTTP2_HOST } from "../support/hosts.ts";
import { rawGet, type TestServer } from "../support/server.ts";
import { http2Request, http2Session } from "../support/transports.ts";

let server: TestServer;
afterEach(() => server.close());

type Make = (status: string, head: [string, string][]) => WsgiApp;

const inOnePiece: Make = (status, head) => (_environ, startResponse) => {
  startResponse(status, head);
  return [bytes("<b>hello</b>")];
};
const asStream: Make = (status, head) =>
  async function* (_environ, startResponse) {
    startResponse(status, head);
    yield bytes("<b>hello");
    yield bytes("</b>");
  } as WsgiApp;
const WAYS: [how: string, make: Make][] = [
  ["in one piece", inOnePiece],
  ["as a stream", asStream],
];

const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
/** The fields that Node and Express add; all others are the app's. */
const FOREIGN = /^(Date|Connection|Keep-Alive|Transfer-Encoding|Content-Length|X-Powered-By): /;

describe.each(HOSTS)("on $name", (host) => {
  describe.each(WAYS)("%s", (_how, make) => {
    it.each(["200 OK", "200 Fine", "404 Nothing Here", "299 Own", "299 caf\xe9 \xff", "500 a:b"])(
      "NODE-18: the status line is the one that the app set: %j",
      async (status) => {
        server = await host.serve(make(status, []));
        const { head } = await rawGet(server.port, "/");
        expect(head.split("\r\n")[0]).toBe(`HTTP/1.1 ${status}`);
      },
    );

    it.each([
      ["no field at all", [], ""],
      ["a type without a charset", [["Content-Type", "text/html"]], ""],
      ["a type in another spelling", [["content-type", "Text/HTML;Charset=ascii"]], ""],
      ["an invalid type", [["Content-Type", "html"]], ""],
      ["an ETag that the client has", [["ETag", '"1"']], 'If-None-Match: "1"\r\n'],
      ["a date that the client has", [["Last-Modified", DATE]], `If-Modified-Since: ${DATE}\r\n`],
    ] as [string, [string, string][], string][])(
      "NODE-34: %s is sent unchanged, with the body",
      async (_, fields, ask) => {
        server = await host.serve(make("200 OK", fields));
        const { head, body } = await rawGet(server.port, "/", ask);
        const lines = head.split("\r\n");
        const own = lines.slice(1).filter((line) => !FOREIGN.test(line));
        expect([lines[0], ...own]).toEqual(["HTTP/1.1 200 OK", ...fields.map((field) => field.join(": "))]);
        expect(body).toContain("<b>hello");
      },
    );
  });
});

describe.each(HOSTS.filter(({ kind }) => kind === "koa"))("on $name", (host) => {
  it.each([
    ["no type and no length", []],
    ["a type without a charset", [["Content-Type", "text/html"]]],
    ["a length", [["Content-Length", "12"]]],
    [
      "an odd type and a length",
      [
        ["content-type", "x"],
        ["content-length", "12"],
      ],
    ],
  ] as [string, [string, string][]][])(
    "NODE-31: Koa adds nothing to a stream for which the app sets %s",
    async (_, fields) => {
      server = await host.serve(asStream("200 OK", fields));
      const lines = (await rawGet(server.port, "/")).head.split("\r\n").slice(1);
      const own = lines.filter((line) => !/^(Date|Connection|Transfer-Encoding): /.test(line));
      expect(own).toEqual(fields.map((field) => field.join(": ")));
    },
  );

  it.each([200, 204, 302, 404, 500])("NODE-31: Koa's default 404 leaves no trace in a %i", async (code) => {
    server = await host.serve((_environ, startResponse) => {
      startResponse(`${code} Own`, []);
      return [];
    });
    const { head, body } = await rawGet(server.port, "/");
    expect([head.split("\r\n")[0], body]).toEqual([`HTTP/1.1 ${code} Own`, ""]);
  });
});

it("NODE-18: HTTP/2 has no reason phrase, so it is left out without a warning", async () => {
  const warnings: Error[] = [];
  const remember = (warning: Error): void => void warnings.push(warning);
  process.on("warning", remember);
  onTestFinished(() => void process.off("warning", remember));
  for (const [, make] of WAYS) {
    server = await HTTP2_HOST.serve(make("299 Own", []));
    const answer = await http2Request(http2Session(server.url), { ":path": "/" });
    expect(answer).toMatchObject({ headers: { ":status": 299 }, body: "<b>hello</b>" });
    await server.close();
  }
  expect(warnings).toEqual([]);
});
