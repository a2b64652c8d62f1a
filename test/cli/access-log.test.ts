/** `--access-log`: writes one line per request to stdout, which clients cannot forge, and does not change responses. */
import { expect, it } from "vitest";
import { brought, raw, rawConnection } from "../support/server.ts";
import { Program } from "./program.ts";

async function logged(): Promise<{ program: Program; port: number }> {
  const program = Program.serve("till:app", ["--access-log"]);
  return { program, port: Number(new URL(await program.url()).port) };
}

/** Apache's combined log format. The groups are user, request, status, size, referrer and agent. */
const COMBINED =
  /^127\.0\.0\.1 - (.+) \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "(.*)" (\d+|-) (\d+|-) "(.*)" "(.*)"$/;

const basic = (user: string): string => `Authorization: Basic ${Buffer.from(user).toString("base64")}\r\n`;

interface Row {
  readonly line: string;
  readonly headers?: string;
  /** The groups of COMBINED, without the size. */
  readonly logged: readonly [user: string, request: string, status: string, referrer: string, agent: string];
}

const ROWS: [name: string, row: Row][] = [
  [
    "a page",
    {
      line: "GET /?a=1",
      headers: "Referer: http://till/x\r\nUser-Agent: Test/1.0\r\n",
      logged: ["-", "GET /?a=1 HTTP/1.1", "200", "http://till/x", "Test/1.0"],
    },
  ],
  ["a 404 of the application", { line: "GET /no%20x", logged: ["-", "GET /no%20x HTTP/1.1", "404", "-", "-"] }],
  ["HEAD", { line: "HEAD /", logged: ["-", "HEAD / HTTP/1.1", "200", "-", "-"] }],
  ["an exception", { line: "GET /fail", logged: ["-", "GET /fail HTTP/1.1", "500", "-", "-"] }],
  [
    "SEC-20: a user without the password",
    { line: "GET /", headers: basic("anna:secret"), logged: ["anna", "GET / HTTP/1.1", "200", "-", "-"] },
  ],
  [
    "SEC-20: escaped line breaks, quotes and control characters of a client",
    {
      line: "GET /",
      headers: `${basic("x\n1:y")}Referer: a" "b\r\nUser-Agent: \x9b31m\r\n`,
      logged: ["x\\n1", "GET / HTTP/1.1", "200", 'a\\" \\"b', "\\u009b31m"],
    },
  ],
];

it.each(ROWS)("logs %s as one line in the combined format, with the size of the body", async (_name, row) => {
  const { program, port } = await logged();
  const answer = await raw(port, `${row.line} HTTP/1.1\r\nHost: till\r\n${row.headers ?? ""}Connection: close\r\n\r\n`);
  await program.said(/^127\./);
  program.signal("SIGTERM");
  await program.ended();
  const lines = program.stdout.filter((line) => !/^(Serving|Stopping) /.test(line));
  expect(lines).toEqual([expect.stringMatching(COMBINED)]);
  const [, user, request, status, size, referrer, agent] = COMBINED.exec(lines[0] ?? "") ?? [];
  expect([user, request, status, referrer, agent]).toEqual(row.logged);
  expect(size).toBe(/^Content-Length: (\d+)\r?$/im.exec(answer.head)?.[1]);
});

it("logs a request whose client disconnects before the response ends", async () => {
  const { program, port } = await logged();
  const socket = await rawConnection(port, "GET /until?file=/no/such/file HTTP/1.1\r\nHost: till\r\n\r\n");
  await brought(socket, "begun");
  socket.destroy();
  expect(await program.said(/^127\./)).toMatch(/"GET \/until\?file=\/no\/such\/file HTTP\/1.1" 200 - /);
});

it("does not change responses: keeps every Set-Cookie and sends streams block by block", async () => {
  const { port } = await logged();
  const { head } = await raw(port, "GET /cookies HTTP/1.1\r\nHost: till\r\nConnection: close\r\n\r\n");
  expect(head.match(/^Set-Cookie: .*$/gim)).toEqual(["Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/"]);
  const stream = await rawConnection(port, "GET /until?file=/no/such/file HTTP/1.1\r\nHost: till\r\n\r\n");
  await brought(stream, "begun"); // the response cannot end
  stream.destroy();
});
