/** Consecutive requests on a real connection. The test plays the server. */
import { describe, expect, it } from "vitest";
import type { SizedBody } from "../../src/fastcgi/connection.ts";
import { pair, RecordType, record } from "../../src/fastcgi/records.ts";
import { signal } from "../support/bytes.ts";
import { endRequest, exception, latin1, padded, stderr, stdout } from "../support/records.ts";
import { bodyOf, EventJournal, PAIRS, Responder, request } from "../support/responder.ts";

const { BEGIN_REQUEST, ABORT_REQUEST, PARAMS, STDIN, STDOUT } = RecordType;
const HEAD = "Status: 200 OK\r\n\r\n";

describe("a request", () => {
  it("is BEGIN_REQUEST with the responder role and KEEP_CONN, PARAMS, and an empty STDIN", async () => {
    const { responder } = await request();
    await responder.heard(STDIN);
    expect(responder.seen).toEqual([
      [BEGIN_REQUEST, "\0\x01\x01\0\0\0\0\0"],
      [PARAMS, PAIRS],
      [PARAMS, ""],
      [STDIN, ""],
    ]);
  });

  it("may have more parameters than fit into a record", async () => {
    const params = pair("A", "x".repeat(200_000));
    const { responder } = await request(undefined, params);
    await responder.heard(STDIN);
    expect(responder.content(PARAMS)).toBe(params);
    expect(responder.seen.filter(([type]) => type === PARAMS)).toHaveLength(5);
  });

  it("has its body in STDIN, in blocks of any size, and an end", async () => {
    const block = "0123456789".repeat(20_000);
    const { responder } = await request(bodyOf("a", "", block, "z"));
    await responder.heard(STDIN);
    expect(responder.content(STDIN) === `a${block}z`).toBe(true);
    expect(responder.seen.filter(([type, content]) => type === STDIN && content === "")).toHaveLength(1);
  });
});

describe("a response", () => {
  it.each([
    ["in one piece", [stdout(`${HEAD}body`), stdout(""), endRequest()], ["head 200 OK", "body body", "ended 0 0"]],
    ["without a body", [stdout(HEAD), stdout(""), endRequest()], ["head 200 OK", "ended 0 0"]],
    [
      "whose head is in two records",
      [stdout("Sta"), stdout("tus: 404 No\r\n\r\nx"), endRequest()],
      ["head 404 No", "body x", "ended 0 0"],
    ],
    [
      "in padded records",
      [padded(STDOUT, `${HEAD}a`, 7), padded(STDOUT, "b", 255), endRequest()],
      ["head 200 OK", "body a", "body b", "ended 0 0"],
    ],
    [
      "with STDERR",
      [stderr("one"), stdout(`${HEAD}a`), stderr("two"), endRequest()],
      ["stderr one", "head 200 OK", "body a", "stderr two", "ended 0 0"],
    ],
    ["that an exception ends", [exception("ValueError", "t"), endRequest(1)], ["exception ValueError", "ended 1 0"]],
    ["that the responder rejects", [endRequest(0, 2)], ["ended 0 2"]],
    ["with a large appStatus", [endRequest(0xffffffff, 255)], ["ended 4294967295 255"]],
  ])("%s is told in this order: %j", async (_title, records, expected) => {
    const { responder, events } = await request();
    responder.answer(...records);
    await responder.owner.noted("idle");
    expect(events.entries).toEqual(expected);
  });

  it("WRK-06: is over when it has ended: the next response belongs to another request", async () => {
    const { responder, events } = await request();
    responder.answer(stdout(`${HEAD}one`), endRequest());
    await responder.owner.noted("idle");
    expect(responder.connection.busy).toBe(false);
    const second = new EventJournal();
    responder.connection.send(PAIRS, undefined, second);
    expect(responder.connection.busy).toBe(true);
    responder.answer(stdout(`${HEAD}two`), endRequest());
    await second.noted("ended 0 0");
    expect(events.entries).toEqual(["head 200 OK", "body one", "ended 0 0"]);
    expect(second.entries).toEqual(["head 200 OK", "body two", "ended 0 0"]);
  });

  it("that ends before the body is sent leaves the connection busy until the body is sent", async () => {
    const more = signal();
    const body: SizedBody = {
      size: 2,
      async *blocks() {
        yield latin1("a");
        await more.promise;
        yield latin1("b"); // was being read when the response ended
        yield latin1("c");
      },
    };
    const { responder, events } = await request(body);
    responder.answer(stdout(HEAD), endRequest());
    await events.noted("ended 0 0");
    expect(responder.owner.entries).toEqual([]);
    expect(responder.connection.busy).toBe(true);
    more.fire();
    await responder.owner.noted("idle");
    await responder.heard(STDIN);
    expect(responder.content(STDIN)).not.toContain("c");
  });

  it("that ends while the body waits for room stops reading the body, which may be closed", async () => {
    let ended = false;
    const body: SizedBody = {
      size: 1,
      *blocks() {
        for (;;) {
          if (ended) throw new Error("read after the end");
          yield Buffer.alloc(1024 * 1024);
        }
      },
    };
    const responder = await Responder.start();
    const events = new EventJournal();
    responder.socket.pause();
    events.on("entry", () => {
      ended = true;
      responder.socket.resume();
    });
    responder.connection.send(PAIRS, body, events);
    responder.answer(endRequest());
    await Promise.race([responder.owner.noted("idle"), responder.owner.noted("closed")]);
    expect(responder.owner.entries).toEqual(["idle"]);
  });
});

describe("a head", () => {
  it("WRT-01: without anything behind it is sent at once", async () => {
    const { responder, events } = await request();
    responder.answer(stdout(HEAD));
    await events.noted("head alone");
    responder.answer(stdout("a"), endRequest());
    await events.noted("ended 0 0");
    expect(events.entries).toEqual(["head 200 OK", "head alone", "body a", "ended 0 0"]);
  });

  it("WRT-01: is sent together with the first block or the end behind it", async () => {
    const { responder, events } = await request();
    responder.answer(stdout(HEAD), stdout("a"), endRequest());
    await events.noted("ended 0 0");
    expect(events.entries).toEqual(["head 200 OK", "body a", "ended 0 0"]);
  });
});

describe("a client that leaves", () => {
  it("WRK-08: causes ABORT_REQUEST, and the end of the response frees the connection", async () => {
    const { responder, events } = await request();
    responder.connection.abort();
    await responder.heard(ABORT_REQUEST);
    expect(responder.connection.busy).toBe(true);
    responder.answer(endRequest());
    await responder.owner.noted("idle");
    expect(events.entries).toEqual(["ended 0 0"]);
  });

  it("WRK-06: ends the body, so that the next request is not read as a part of it", async () => {
    const block = signal<Uint8Array>();
    const body: SizedBody = {
      size: 2,
      async *blocks() {
        yield latin1("a");
        yield await block.promise; // may be on its way
        yield latin1("c");
      },
    };
    const { responder } = await request(body);
    responder.connection.abort();
    block.fire(latin1("b"));
    await responder.heard(STDIN);
    expect(responder.content(STDIN)).not.toContain("c");
  });

  it("causes nothing if no request is running", async () => {
    const { responder } = await request();
    responder.answer(endRequest());
    await responder.owner.noted("idle");
    responder.connection.abort();
    responder.connection.send(PAIRS, undefined, new EventJournal());
    await responder.heard(STDIN, 2);
    expect(responder.seen.map(([type]) => type)).not.toContain(ABORT_REQUEST);
  });
});

describe("a connection", () => {
  it.each([
    ["another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["a record of another request", record(STDOUT, 2, HEAD)],
    ["a record that no responder sends", record(STDIN, 1, "a")],
    ["a management record", record(RecordType.GET_VALUES_RESULT, 0, "")],
    ["an invalid head", stdout("no header field\r\n\r\n")],
    ["pairs that are cut off", record(RecordType.EXCEPTION, 1, "\x05\x05abc")],
    ["an END_REQUEST without its content", record(RecordType.END_REQUEST, 1, "")],
    ["an END_REQUEST that is too short", record(RecordType.END_REQUEST, 1, "\0\0\0\0")],
  ])("WRK-05: that brings %s is broken, and its request hears of it", async (_title, bytes) => {
    const { responder, events } = await request();
    responder.answer(bytes);
    await responder.owner.noted("closed");
    await new Promise(setImmediate); // its request gets `lost` right after
    expect(events.entries).toEqual(["lost"]);
    expect(events.reason).toBeInstanceOf(RangeError);
  });

  it("WRK-06: that brings a record while no request is open is broken", async () => {
    const responder = await Responder.start();
    responder.answer(stdout("a"));
    await responder.owner.noted("closed");
  });

  it("WRK-07: that ends in the middle of a response tells its owner first, then its request", async () => {
    const { responder, events } = await request();
    const order: string[] = [];
    responder.owner.on("entry", () => order.push("owner"));
    events.on("entry", () => order.push(events.entries.at(-1) as string));
    responder.answer(stdout(HEAD));
    await events.noted("head 200 OK");
    responder.socket.destroy();
    await events.noted("lost");
    expect(order).toEqual(["head 200 OK", "head alone", "owner", "lost"]);
  });

  it("is broken when the body cannot be read", async () => {
    const failure = new Error("the file is gone");
    const body: SizedBody = {
      size: 1,
      *blocks() {
        yield latin1("a");
        throw failure;
      },
    };
    const { events } = await request(body);
    await events.noted("lost");
    expect(events.reason).toBe(failure);
  });

  it("that is paused delivers nothing until it is resumed", async () => {
    const { responder, events } = await request();
    responder.connection.pause();
    for (let i = 0; i < 200; i += 1) responder.answer(stdout(i === 0 ? HEAD : "x".repeat(60_000)));
    const drained = new Promise((resolve) => responder.socket.once("drain", resolve));
    responder.answer(endRequest());
    expect(events.entries).toEqual([]);
    responder.connection.resume();
    await drained;
    await events.noted("ended 0 0");
    expect(events.entries.join("").length).toBeGreaterThan(199 * 60_000);
  });

  it("that is closed ends the responder's side, and tells its owner", async () => {
    const responder = await Responder.start();
    const ended = new Promise((resolve) => responder.socket.once("end", resolve));
    responder.connection.close();
    await ended;
    await responder.owner.noted("closed");
  });
});
