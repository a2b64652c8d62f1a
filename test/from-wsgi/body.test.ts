/** Tests of request bodies, on real connections. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { BodyTooLargeError, ClientDisconnectError } from "../../src/errors.ts";
import { RESTORE_LIMIT, RequestBody } from "../../src/from-wsgi/body.ts";
import { hasBody, hasLargeUnreadBody } from "../../src/from-wsgi/declared-body.ts";
import { MemoryBudget } from "../../src/node/memory-budget.ts";
import { incoming, post } from "../support/incoming.ts";

const MIB = 1024 * 1024;
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`;

/** The whole body, or the whole body that the next handler would read. */
async function readAll(source: RequestBody | IncomingMessage): Promise<string> {
  const blocks: Uint8Array[] = [];
  if (source instanceof RequestBody) {
    for (let block = await source.next(); block !== undefined; block = await source.next()) blocks.push(block);
  } else {
    for await (const block of source) blocks.push(block);
  }
  return Buffer.concat(blocks).toString("latin1");
}

describe("hasBody and hasLargeUnreadBody", () => {
  it.each([
    ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", false, false],
    [post(length(0)), false, false],
    [post(length(5)), true, false],
    [post("content-length: 65536\r\n"), true, false],
    [post(length(65537)), true, true],
    [post(CHUNKED), true, true],
    ["GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", true, false],
    ["POST / HTTP/1.0\r\n\r\n", false, false],
  ])("SEC-13: %j has a body: %s; leaves much unread: %s", async (request, has, leaves) => {
    const { req } = await incoming(request);
    expect([hasBody(req), hasLargeUnreadBody(req)]).toEqual([has, leaves]);
  });

  it("SEC-13: a body that has arrived completely leaves nothing unread", async () => {
    const { req } = await incoming(post(CHUNKED, "1\r\na\r\n0\r\n\r\n"));
    req.resume();
    await once(req, "end");
    expect(hasLargeUnreadBody(req)).toBe(false);
  });
});

describe("RequestBody", () => {
  it.each([
    ["of declared length", post(length(7), "one two")],
    ["that is chunked", post(CHUNKED, "4\r\none \r\n3\r\ntwo\r\n0\r\nX-Trailer: x\r\n\r\n")],
  ])("reads a body %s, and reports the end on every further call", async (_title, request) => {
    const { req } = await incoming(request);
    const body = new RequestBody(req, MIB, undefined);
    expect(await readAll(body)).toBe("one two");
    expect(await body.next()).toBeUndefined();
    expect(await body.next()).toBeUndefined();
  });

  it("SEC-15: if the reader is slower than the client, the body does not pile up in memory", async () => {
    const { req } = await incoming(post(length(MIB), "x".repeat(MIB)));
    const mark = req.readableHighWaterMark;
    const body = new RequestBody(req, MIB, undefined);
    let most = 0;
    for (let block = await body.next(); block !== undefined; block = await body.next()) {
      most = Math.max(most, block.length);
      await new Promise(setImmediate); // meanwhile, more of the body arrives
    }
    expect(req.readableHighWaterMark).toBe(mark);
    expect(most).toBeLessThanOrEqual(mark);
  });

  it("INP-02: returns the data that has arrived without waiting for more, and never an empty block", async () => {
    const { req, client } = await incoming(post(length(6), "one"));
    const body = new RequestBody(req, MIB, undefined);
    expect(Buffer.from((await body.next()) as Uint8Array).toString()).toBe("one");
    const second = body.next();
    client.write("two");
    expect(Buffer.from((await second) as Uint8Array).toString()).toBe("two");
    expect(await body.next()).toBeUndefined();
  });

  it("SEC-17: nothing is read before the first next(): the client has to wait", async () => {
    const { req, client, roundTrip } = await incoming(post(length(32 * MIB)));
    const body = new RequestBody(req, 64 * MIB, undefined);
    client.write(Buffer.alloc(32 * MIB));
    for (let i = 0; i < 20; i += 1) await roundTrip();
    expect(req.socket.bytesRead).toBeLessThan(MIB);
    expect(await readAll(body)).toHaveLength(32 * MIB);
  });

  it.each([
    ["a declared length", length(9), "abc", "abc"],
    ["chunks", CHUNKED, "3\r\nabc\r\n", "abc"],
    ["chunks, one of them cut off", CHUNKED, "9\r\nabc", "abc"],
  ])(
    "INP-09, NODE-20: if the client disconnects before its body is complete (%s), every read fails",
    async (_title, fields, sent, came) => {
      const { req, client } = await incoming(post(fields, sent));
      const body = new RequestBody(req, MIB, undefined);
      expect(Buffer.from((await body.next()) as Uint8Array).toString()).toBe(came);
      const waiting = body.next();
      client.destroy();
      await expect(waiting).rejects.toThrow(ClientDisconnectError);
      await expect(body.next()).rejects.toThrow(ClientDisconnectError);
    },
  );

  it("INP-09, NODE-20: if the client disconnected before the first read, that read fails", async () => {
    const { req, client } = await incoming(post(length(9), "abc"));
    const body = new RequestBody(req, MIB, undefined);
    const closed = new Promise((resolve) => req.once("close", resolve));
    req.on("error", () => undefined);
    client.destroy();
    await closed;
    await expect(readAll(body)).rejects.toThrow(ClientDisconnectError);
  });

  it("INP-09, NODE-20: a connection reset makes the read fail, and does not crash the process", async () => {
    const { req, client } = await incoming(post(CHUNKED, "3\r\nabc\r\n"));
    const body = new RequestBody(req, MIB, undefined);
    await body.next();
    const waiting = body.next();
    client.resetAndDestroy();
    await expect(waiting).rejects.toThrow(ClientDisconnectError);
  });
});

describe("maxSize", () => {
  it.each([
    ["a declared length", post(length(4), "abcd")],
    ["chunks", post(CHUNKED, "4\r\nabcd\r\n0\r\n\r\n")],
  ])("SEC-15: a body of exactly that size is allowed (%s)", async (_title, request) => {
    const { req } = await incoming(request);
    expect(await readAll(new RequestBody(req, 4, undefined))).toBe("abcd");
  });

  it("SEC-15: a larger declared length is refused before anything is read", async () => {
    const { req } = await incoming(post(length(5)));
    expect(() => new RequestBody(req, 4, undefined)).toThrow(BodyTooLargeError);
  });

  it("SEC-15: a larger chunked body is refused as soon as it exceeds the limit", async () => {
    const { req } = await incoming(post(CHUNKED, "3\r\nabc\r\n2\r\nde\r\n"));
    await expect(readAll(new RequestBody(req, 4, undefined))).rejects.toThrow(BodyTooLargeError);
  });
});

/** Resolves when the next handler has its turn. */
const handedOver = (body: RequestBody): Promise<void> => new Promise((resolve) => body.handOver(resolve));

describe("handOver", () => {
  it.each([
    ["nothing", 0],
    ["a part", 1],
    ["all", 2],
  ])("after %s was read, puts it back, so that the next handler reads the whole body", async (_title, reads) => {
    const { req, client } = await incoming(post(length(6), "one"));
    const body = new RequestBody(req, MIB, new MemoryBudget(2 * MIB));
    if (reads > 0) await body.next();
    client.write("two");
    if (reads > 1) await body.next();
    expect(body.canRestore).toBe(true);
    await handedOver(body);
    expect(await readAll(req)).toBe("onetwo");
  });

  it("restores the whole body even if its end was reached", async () => {
    const { req } = await incoming(post(CHUNKED, "3\r\nabc\r\n0\r\n\r\n"));
    const body = new RequestBody(req, MIB, new MemoryBudget(2 * MIB));
    expect(await readAll(body)).toBe("abc");
    expect(body.canRestore).toBe(true);
    await handedOver(body);
    expect(await readAll(req)).toBe("abc");
  });

  it("removes its listeners, so that the next handler can listen for data", async () => {
    const { req } = await incoming(post(length(6), "one"));
    const before = req.eventNames();
    const body = new RequestBody(req, MIB, new MemoryBudget(2 * MIB));
    await body.next();
    await handedOver(body);
    expect(req.eventNames()).toEqual(before);
  });

  it("cannot restore more than 1 MiB, nor a body that it was not told to keep", async () => {
    const { req, client } = await incoming(post(length(RESTORE_LIMIT + 1)));
    client.write(Buffer.alloc(RESTORE_LIMIT + 1));
    const body = new RequestBody(req, 2 * MIB, new MemoryBudget(2 * MIB));
    await readAll(body);
    expect(body.canRestore).toBe(false);

    const other = await incoming(post(length(3), "abc"));
    const unkept = new RequestBody(other.req, MIB, undefined);
    await unkept.next();
    expect(unkept.canRestore).toBe(false);
  });
});
