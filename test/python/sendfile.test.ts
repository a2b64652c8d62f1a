/** `wsgi.file_wrapper`: regular files are sent by `os.sendfile`, with the same result as by reading them. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Hosted, hostPython } from "../support/python.ts";
import { brought, rawConnection } from "../support/server.ts";

const CONTENT = Buffer.concat(
  Array.from({ length: 4096 }, () => Buffer.from(Array.from({ length: 256 }, (_, n) => n))),
);
const LINUX = process.platform === "linux";

const host = (): Promise<Hosted> => hostPython("files:application", { threads: 1 });
const url = ({ port }: Hosted, path: string): string => `http://127.0.0.1:${port}${path}`;
async function bytes(server: Hosted, path: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url(server, path))).arrayBuffer());
}
/** Returns how often `os.sendfile` was called, how many files were closed, and the position of the last one. */
async function state(server: Hosted): Promise<[number, number, number | null]> {
  return JSON.parse((await bytes(server, "/state")).toString().replace("None", "null"));
}

it.each([
  ["without a Content-Length", "/open", CONTENT, CONTENT.length],
  ["with one", "/wide", CONTENT, CONTENT.length],
  ["FW-03: from its current position", "/from/1000", CONTENT.subarray(1000), CONTENT.length],
  ["FW-03: no further than Content-Length", "/cut/70000", CONTENT.subarray(0, 70_000), 70_000],
  ["after write()", "/written", Buffer.concat([Buffer.from("before "), CONTENT]), CONTENT.length],
])("sends a file %s, closes it once, and moves its position as reading does", async (_, path, expected, position) => {
  const server = await host();
  expect((await bytes(server, path)).equals(expected)).toBe(true);
  const [calls, ...rest] = await state(server);
  expect(calls > 0).toBe(LINUX);
  expect(rest).toEqual([1, position]);
});

it("sends an unbuffered file as well", async () => {
  const server = await host();
  expect((await bytes(server, "/unbuffered")).equals(CONTENT)).toBe(true);
  expect((await state(server))[0] > 0).toBe(LINUX);
});

it.each([
  ["an empty file", "/empty", Buffer.alloc(0)],
  ["FW-04: an object that is not a file", "/memory", CONTENT],
  ["the content of a gzip file", "/gzipped", CONTENT],
  ["the content of a buffered gzip file", "/buffered-gzip", CONTENT],
  ["the content of a gzip file in memory", "/gzip", CONTENT],
  ["a pipe", "/pipe", CONTENT.subarray(0, 1000)],
  ["FW-05: a wrapper inside another iterable", "/wrapped", CONTENT],
])("reads %s", async (_, path, expected) => {
  const server = await host();
  expect((await bytes(server, path)).equals(expected)).toBe(true);
  expect((await state(server))[0]).toBe(0);
});

it.runIf(LINUX)("reads a file in /proc, which has no size", async () => {
  const server = await host();
  expect((await bytes(server, "/proc")).toString()).toBe(readFileSync("/proc/version", "utf8"));
});

it("a file sought beyond its end is empty, and is closed", async () => {
  const server = await host();
  for (const path of ["/beyond", "/beyond/0"]) {
    const answer = await fetch(url(server, path));
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "0", ""]);
  }
  expect(await state(server)).toEqual([0, 2, 2 * CONTENT.length]);
});

it("a file sought beyond its end is shorter than its Content-Length, and the client can tell", async () => {
  const server = await host();
  const received = fetch(url(server, "/beyond/5")).then(async (answer) => {
    await answer.text();
    return answer.status;
  });
  expect([500, "broken"]).toContain(await received.catch(() => "broken")); // 500 if the head was not sent yet
  expect(server.logger.text).toContain("the body is 5 bytes shorter than its Content-Length");
  expect(await state(server)).toEqual([0, 1, 2 * CONTENT.length]);
});

it("FW-06: HEAD has no body, and the file is closed", async () => {
  const server = await host();
  const { headers } = await fetch(url(server, "/wide"), { method: "HEAD" });
  expect(headers.get("content-length")).toBe(String(CONTENT.length));
  expect(await state(server)).toEqual([0, 1, 0]);
});

it.each([
  ["between two pieces", "after", 1],
  ["in the middle of a piece", "before", 0],
])("a file that is truncated %s aborts its response, and later requests are served", async (_, when, closed) => {
  const server = await host();
  await expect(bytes(server, `/wide/${when}`)).rejects.toThrow();
  expect((await bytes(server, "/open")).equals(CONTENT)).toBe(true);
  expect((await state(server))[1]).toBe(1 + closed); // the second's process was replaced, and has counted one
});

it("a disconnect ends it: the file is closed, and the thread is free", async () => {
  const server = await host();
  const socket = await rawConnection(server.port, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  await brought(socket, "200 OK");
  socket.destroy();
  expect((await state(server))[1]).toBe(1); // there is one thread
});
