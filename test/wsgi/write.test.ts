/** The function that startResponse returns. */
import { expect, it } from "vitest";
import { AppProtocolError } from "../../src/errors.ts";
import { bytes, signal } from "../support/bytes.ts";
import { writerIn } from "../support/sink.ts";

it("WRT-02, SR-01: sends the head and the block at once", async () => {
  const { write, sink } = writerIn("held");
  await write(bytes("a"));
  expect(sink.calls).toEqual(["commit 200 OK", "write a"]);
});

it("an empty block sends the head alone", async () => {
  const { write, sink } = writerIn("held");
  await write(bytes(""));
  expect(sink.calls).toEqual(["commit 200 OK", "write "]);
});

it("CL-02: after it, the length of a single block is not the Content-Length", async () => {
  const { writer, write, sink } = writerIn("held");
  await write(bytes("a"));
  void writer.onlyBlock(bytes("b"));
  writer.end();
  expect(sink.calls).toEqual(["commit 200 OK", "write a", "write b", "end"]);
  expect(sink.length).toBeUndefined();
});

it("CL-05: more bytes than declared are an error", async () => {
  const { writer, sink } = writerIn("idle");
  const write = writer.startResponse("200 OK", [["Content-Length", "3"]]);
  await write(bytes("ab"));
  expect(() => write(bytes("cd"))).toThrow(AppProtocolError);
  await write(bytes("c"));
  expect(() => write(bytes("d"))).toThrow(AppProtocolError);
  expect(sink.body).toBe("abc");
});

it("CL-10: in a response to HEAD it sends nothing", async () => {
  const { write, sink } = writerIn("held", "HEAD");
  await write(bytes("abc"));
  expect(sink.calls).toEqual(["commit 200 OK", "end"]);
});

it.each([["text"], [undefined], [[1, 2]], [new ArrayBuffer(1)]])("WRT-01: %o is an error", (block) => {
  const { write, sink } = writerIn("held");
  expect(() => write(block as unknown as Uint8Array)).toThrow(AppProtocolError);
  expect(sink.calls).toEqual([]);
});

it("ITER-04: its promise resolves when the transport can take more", async () => {
  const { write, sink } = writerIn("held");
  const room = signal();
  sink.room = room.promise;
  let written = false;
  const promise = write(bytes("a")).then(() => {
    written = true;
  });
  await Promise.resolve();
  expect(written).toBe(false);
  room.fire();
  await promise;
});

it("rejects with the reason after the response has failed", async () => {
  const { writer, write } = writerIn("held");
  const reason = new Error("the client has left");
  writer.fail(reason);
  await expect(write(bytes("a"))).rejects.toBe(reason);
});

it("WRT-03: accepts at most 1 MiB from an app that does not wait", () => {
  const { write, sink } = writerIn("held");
  sink.room = signal().promise;
  const quarter = Buffer.alloc(256 * 1024);
  for (let i = 0; i < 4; i += 1) void write(quarter);
  expect(() => write(quarter)).toThrow(/await the promise/);
});

it("WRT-03: takes any amount from an app that waits", async () => {
  const { write, sink } = writerIn("held");
  const quarter = Buffer.alloc(256 * 1024);
  for (let i = 0; i < 12; i += 1) await write(quarter);
  expect(sink.body).toHaveLength(12 * quarter.length);
});

it("WRT-03: takes a block of any size from an app that waits", async () => {
  const { write, sink } = writerIn("held");
  await write(Buffer.alloc(2 * 1024 * 1024));
  expect(sink.body).toHaveLength(2 * 1024 * 1024);
});
