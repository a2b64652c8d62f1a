import { describe, expect, it } from "vitest";
import { type Flow, ResponseStream } from "../../src/node/response-stream.ts";
import type { StartResponse } from "../../src/wsgi/types.ts";
import { latin1 } from "../support/records.ts";

const HEAD = { status: "200 OK", headers: [["X-A", "b"]] as [string, string][] };
const RESPONSE_BUFFER = 1024 * 1024;
const LIMITS = { memory: RESPONSE_BUFFER, file: 0, sum: { limit: 1024 ** 2, held: 0 }, unwritable: () => undefined };
const FAILED = new Error("the responder is gone");

/** A stream that records its events: `start 200 OK`, `pause`, `resume`, `cancel`. */
function open(startResponse?: StartResponse): { stream: ResponseStream; notes: string[] } {
  const notes: string[] = [];
  const start: StartResponse = (status) => {
    notes.push(`start ${status}`);
    return () => Promise.resolve();
  };
  const flow: Flow = {
    pause: () => notes.push("pause"),
    resume: () => notes.push("resume"),
    cancel: () => notes.push("cancel"),
  };
  return { stream: new ResponseStream(startResponse ?? start, flow, LIMITS), notes };
}

/** Reads all blocks to the end, as text. */
async function drain(stream: ResponseStream): Promise<string[]> {
  const blocks: string[] = [];
  for await (const block of { [Symbol.asyncIterator]: () => stream })
    blocks.push(Buffer.from(block).toString("latin1"));
  return blocks;
}

describe("the order of events", () => {
  it("SR-08: startResponse is called during the iteration, before the first block", async () => {
    const { stream, notes } = open();
    stream.start(HEAD);
    stream.push(latin1("a"));
    expect(notes).toEqual([]);
    expect(await stream.next()).toEqual({ done: false, value: latin1("a") });
    expect(notes[0]).toBe("start 200 OK");
  });

  it("SR-08: a head that arrives while next() is pending starts the response at once", () => {
    const { stream, notes } = open();
    void stream.next();
    expect(notes).toEqual([]);
    stream.start(HEAD);
    expect(notes).toEqual(["start 200 OK"]);
  });

  it.each([
    ["all blocks", ["a", "b"], ["a", "b"]],
    ["nothing, if nothing arrived", [], []],
  ])("returns %s, then the end on every further call", async (_title, blocks, expected) => {
    const { stream, notes } = open();
    stream.start(HEAD);
    for (const block of blocks) stream.push(latin1(block));
    stream.end();
    expect(await drain(stream)).toEqual(expected);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(notes.filter((note) => note.startsWith("start"))).toHaveLength(1);
  });

  it("settles a pending next() with the block that arrives, in the same tick", async () => {
    const { stream } = open();
    const asked = stream.next();
    stream.start(HEAD);
    stream.push(latin1("a"));
    expect(await asked).toEqual({ done: false, value: latin1("a") });
  });

  it("SEC-21: returns the blocks that arrived before a failure, then fails", async () => {
    const { stream } = open();
    stream.start(HEAD);
    stream.push(latin1("a"));
    stream.fail(FAILED);
    expect(await stream.next()).toEqual({ done: false, value: latin1("a") });
    await expect(stream.next()).rejects.toBe(FAILED);
  });

  it("WRK-07: a failure before the head rejects the pending next(), and does not start the response", async () => {
    const { stream, notes } = open();
    const asked = stream.next();
    stream.fail(FAILED);
    await expect(asked).rejects.toBe(FAILED);
    expect(notes).toEqual([]);
  });

  it("a failure after the end is ignored", async () => {
    const { stream } = open();
    stream.start(HEAD);
    stream.end();
    stream.fail(FAILED);
    expect(await drain(stream)).toEqual([]);
  });

  it("WRK-11: if startResponse refuses the head, the iteration fails", async () => {
    const refusal = new Error("no such status");
    const { stream } = open(() => {
      throw refusal;
    });
    const asked = stream.next();
    stream.start(HEAD);
    await expect(asked).rejects.toBe(refusal);
  });
});

describe("back-pressure", () => {
  const block = Buffer.alloc(RESPONSE_BUFFER / 4);

  it("SEC-17: pauses the responder when the buffer is full, and resumes it when half of the buffer was read", async () => {
    const { stream, notes } = open();
    stream.start(HEAD);
    for (let i = 0; i < 4; i += 1) stream.push(block);
    expect(notes).toEqual([]);
    stream.push(block);
    expect(notes).toEqual(["pause"]);
    for (let i = 0; i < 2; i += 1) await stream.next();
    expect(notes).toEqual(["pause", "start 200 OK"]);
    await stream.next();
    expect(notes).toEqual(["pause", "start 200 OK", "resume"]);
  });
});

describe("close()", () => {
  it("ITER-05: cancels a response that has not ended, once", () => {
    const { stream, notes } = open();
    stream.close();
    stream.close();
    expect(notes).toEqual(["cancel"]);
    expect(stream.ended).toBe(true);
  });

  it("ITER-08: cancels nothing after the end", () => {
    const { stream, notes } = open();
    stream.end();
    stream.close();
    expect(notes).toEqual([]);
  });

  it("ITER-13: ends a pending next()", async () => {
    const { stream } = open();
    const asked = stream.next();
    stream.close();
    expect(await asked).toEqual({ done: true, value: undefined });
  });

  it("drops the waiting data and all later data", async () => {
    const { stream, notes } = open();
    stream.push(latin1("a"));
    stream.close();
    for (let i = 0; i < 8; i += 1) stream.push(Buffer.alloc(RESPONSE_BUFFER));
    stream.fail(FAILED);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(notes).toEqual(["cancel"]);
  });
});
