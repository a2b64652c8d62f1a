/** Node's response as a sink, on real connections. Framing, errors and disconnects on every host are in `from-wsgi.test.ts`. */
import { describe, expect, it } from "vitest";
import { ClientDisconnectError } from "../../src/errors.ts";
import { NodeSink } from "../../src/from-wsgi/sink.ts";
import { bytes } from "../support/bytes.ts";
import { incoming } from "../support/incoming.ts";
import { brought } from "../support/server.ts";

const GET = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const BIG = Buffer.alloc(256 * 1024);

describe("write", () => {
  it("ITER-04: makes the writer wait while the client does not read, and no longer", async () => {
    const { res, client } = await incoming(GET);
    const sink = new NodeSink(res);
    sink.commit(200, "OK", []);
    client.pause();
    let room: Promise<void> | undefined;
    for (let i = 0; i < 64; i += 1) room = sink.write(BIG);
    expect(room).toBeInstanceOf(Promise);
    client.resume();
    await room;
    expect(sink.write(bytes("a"))).toBeUndefined();
    res.destroy();
  });

  it("NODE-19: rejects the waiting write when the client disconnects", async () => {
    const { res, client } = await incoming(GET);
    const sink = new NodeSink(res);
    sink.commit(200, "OK", []);
    client.pause();
    let room: Promise<void> | undefined;
    for (let i = 0; i < 64; i += 1) room = sink.write(BIG);
    client.destroy();
    await expect(room).rejects.toThrow(ClientDisconnectError);
  });

  it.each([
    ["the stream drains", false],
    ["the client disconnects", true],
  ])("WRT-03: two concurrent writes are both settled when %s", async (_when, leaves) => {
    const { res, client } = await incoming(GET);
    const sink = new NodeSink(res);
    sink.commit(200, "OK", []);
    client.pause();
    const rooms = [sink.write(Buffer.alloc(16 * BIG.length)), sink.write(BIG)];
    for (const room of rooms) expect(room).toBeInstanceOf(Promise);
    const settled = Promise.allSettled(rooms);
    if (leaves) client.destroy();
    else client.resume();
    const closed = new Promise((resolve) => res.on("close", () => resolve("never settled")));
    void Promise.resolve(rooms[1]).then(
      () => res.destroy(),
      () => undefined,
    );
    const outcome = await Promise.race([settled, closed.then((never) => new Promise(setImmediate).then(() => never))]);
    expect(outcome).toEqual(rooms.map(() => expect.objectContaining({ status: leaves ? "rejected" : "fulfilled" })));
  });

  it("REF-06: an empty block sends the head only", async () => {
    const { res, client } = await incoming(GET);
    const sink = new NodeSink(res);
    const head = brought(client, "\r\n\r\n");
    sink.commit(200, "OK", [["X-A", "b"]]);
    void sink.write(bytes(""));
    expect(await head).toContain("X-A: b");
    sink.end();
  });

  it("ITER-02: flushes the data that compression holds back, and never calls Node's own flush", async () => {
    const { res } = await incoming(GET);
    const sink = new NodeSink(res);
    sink.commit(200, "OK", []);
    let flushed = 0;
    void sink.write(bytes("a"));
    Object.assign(res, {
      flush: () => {
        flushed += 1;
      },
    });
    void sink.write(bytes("b"));
    expect(flushed).toBe(1);
    sink.end();
  });
});

describe("commit", () => {
  /** The head that reaches the client, without the fields that Node adds. */
  async function headOf(set: [string, string | string[]][], headers: [string, string][]): Promise<string[]> {
    const { res, client } = await incoming(GET);
    res.sendDate = false;
    for (const [name, value] of set) res.setHeader(name, value);
    const sink = new NodeSink(res);
    const head = brought(client, "\r\n\r\n");
    sink.commit(299, "Own \xe9", headers);
    sink.end();
    const lines = (await head).split("\r\n\r\n")[0]?.split("\r\n") ?? [];
    return lines.filter((line) => !/^(Connection|Transfer-Encoding):/.test(line));
  }

  it.each([
    [
      "HDR-06: keeps case",
      [],
      [
        ["x-A", "1"],
        ["X-b", "2"],
      ],
      ["x-A: 1", "X-b: 2"],
    ],
    [
      "HDR-07: keeps repeats",
      [],
      [
        ["X-A", "1"],
        ["x-a", "2"],
      ],
      ["X-A: 1", "X-A: 2"],
    ],
    [
      "NODE-16: adds to list fields",
      [
        ["Set-Cookie", "u=1"],
        ["Vary", "U"],
      ],
      [
        ["Set-Cookie", "a=1"],
        ["Vary", "A"],
      ],
      ["Set-Cookie: u=1", "Set-Cookie: a=1", "Vary: U", "Vary: A"],
    ],
    [
      "NODE-16: replaces single-value fields",
      [
        ["ETag", "u"],
        ["Content-Type", "u/u"],
      ],
      [
        ["etag", "a"],
        ["content-type", "a/a"],
      ],
      ["etag: a", "content-type: a/a"],
    ],
    [
      "NODE-15: keeps the fields that middleware set",
      [["X-Powered-By", "Express"]],
      [["X-A", "1"]],
      ["X-Powered-By: Express", "X-A: 1"],
    ],
    [
      "NODE-17: sends unusual names unchanged",
      [],
      [
        ["__proto__", "1"],
        ["constructor", "2"],
      ],
      ["__proto__: 1", "constructor: 2"],
    ],
    [
      "HDR-09: sends bytes unchanged",
      [],
      [
        ["X-A", "\xff\xe9"],
        ["Content-Disposition", "\xc4\x8d\xc4\x8a"],
      ],
      ["X-A: \xff\xe9", "Content-Disposition: \xc4\x8d\xc4\x8a"],
    ],
  ] as [string, [string, string][], [string, string][], string[]][])("%s", async (_title, set, headers, expected) => {
    expect(await headOf(set, headers)).toEqual(["HTTP/1.1 299 Own \xe9", ...expected]);
  });
});
