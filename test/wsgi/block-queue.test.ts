import { describe, expect, it } from "vitest";
import { BlockQueue } from "../../src/wsgi/block-queue.ts";
import { BodyInput } from "../../src/wsgi/input.ts";
import { bytes } from "../support/bytes.ts";
import { growth, MOST } from "../support/growth.ts";

const KIB = 1024;
const text = (block: Uint8Array | undefined): string | undefined => block && Buffer.from(block).toString("latin1");

function queueOf(...blocks: string[]): BlockQueue {
  const queue = new BlockQueue();
  for (const block of blocks) queue.push(bytes(block));
  return queue;
}

function drain(queue: BlockQueue): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let block = queue.shift(); block !== undefined; block = queue.shift()) blocks.push(block);
  return blocks;
}

/** Views of one byte on one large buffer, like blocks in a chunk of a socket. */
function tiny(count: number): Uint8Array[] {
  const chunk = Buffer.alloc(64 * KIB, "abcdefghij");
  return Array.from({ length: count }, (_, i) => chunk.subarray(i % 1000, (i % 1000) + 1));
}

describe("a queue of blocks", () => {
  it("ITER-02: returns each block as it came while few wait", () => {
    const queue = queueOf("a", "bc", "", "d");
    expect(queue.size).toBe(4);
    expect(drain(queue).map(text)).toEqual(["a", "bc", "d"]);
    expect([queue.size, queue.cost]).toEqual([0, 0]);
  });

  it("ISO-05: merges small blocks when many wait, and loses none of their bytes", () => {
    const queue = new BlockQueue();
    const blocks = tiny(100_000);
    for (const block of blocks) queue.push(block);
    expect(queue.size).toBe(100_000);
    const merged = drain(queue);
    expect(merged.length).toBeLessThan(100);
    expect(Buffer.concat(merged).equals(Buffer.concat(blocks))).toBe(true);
  });

  it("ISO-05: keeps the order of small and large blocks, however they come", () => {
    const queue = new BlockQueue();
    const blocks = Array.from({ length: 2_000 }, (_, i) => Buffer.alloc(i % 7 === 0 ? 5 * KIB : i % 300, `${i}`));
    const taken: Uint8Array[] = [];
    for (const [i, block] of blocks.entries()) {
      queue.push(block);
      if (i % 3 === 0) taken.push(queue.shift() ?? bytes(""));
    }
    taken.push(...drain(queue));
    expect(Buffer.concat(taken).equals(Buffer.concat(blocks))).toBe(true);
    expect([queue.size, queue.cost]).toEqual([0, 0]);
  });

  it("ISO-05: holds large blocks as they are, without a copy", () => {
    const large = Buffer.alloc(64 * KIB);
    const queue = queueOf("a", "b");
    queue.push(large);
    expect(drain(queue).at(-1)?.buffer).toBe(large.buffer);
  });

  it("ISO-05: keeps no large buffer for a small block that waits", () => {
    const queue = new BlockQueue();
    for (const block of tiny(3)) queue.push(block);
    const held = drain(queue).map(({ buffer }) => buffer.byteLength);
    expect(held.slice(1).every((size) => size <= 8 * KIB)).toBe(true); // Node's pool, which other buffers share
  });

  it("ISO-05: counts the memory that a block takes, not only its bytes", () => {
    const queue = new BlockQueue();
    for (const block of tiny(50)) queue.push(block);
    expect(queue.cost).toBeGreaterThan(50 * 256);
    for (const block of tiny(1_000_000)) queue.push(block);
    expect(queue.cost).toBeLessThan(1.1 * queue.size + 64 * KIB);
  });

  it("ISO-05: counts only the used bytes of a page that a large block has ended early", () => {
    const queue = new BlockQueue();
    for (const block of tiny(64)) queue.push(block);
    for (let i = 0; i < 100; i += 1) {
      queue.push(bytes("x"));
      queue.push(Buffer.alloc(4 * KIB));
    }
    expect(queue.cost).toBeLessThan(2 * queue.size);
  });

  it("ISO-05: takes time in proportion to the number of blocks", async () => {
    const through = (count: number) => () => {
      const queue = new BlockQueue();
      for (const block of tiny(count)) queue.push(block);
      drain(queue);
      for (let i = 0; i < count; i += 1) queue.push(Buffer.alloc(1));
      while (queue.size > 0) queue.take(1);
    };
    expect(await growth(through, [10_000, 40_000])).toBeLessThanOrEqual(MOST);
  });

  it.each([
    ["of one block", 2, "ab", "cdef"],
    ["of more than one", 4, "abcd", "ef"],
    ["of all", 6, "abcdef", ""],
    ["of none", 0, "", "abcdef"],
  ])("take: the first bytes, %s", (_what, count, expected, rest) => {
    const queue = queueOf("abc", "de", "f");
    expect(text(queue.take(count))).toBe(expected);
    expect(drain(queue).map(text).join("")).toBe(rest);
  });

  it.each([
    ["c", 6, 2],
    ["e", 6, 4],
    ["e", 4, -1],
    ["x", 6, -1],
  ])("indexOf: %s among the first %i bytes is at %i", (byte, most, at) => {
    expect(queueOf("abc", "de", "f").indexOf(byte.charCodeAt(0), most)).toBe(at);
  });
});

describe("wsgi.input over tiny chunks", () => {
  const inputOf = (blocks: Uint8Array[]): BodyInput => {
    let at = 0;
    return new BodyInput({ next: () => Promise.resolve(blocks[at++]) });
  };

  it("ISO-05: read() returns all of them", async () => {
    const blocks = tiny(50_000);
    expect(Buffer.concat(blocks).equals(Buffer.from(await inputOf(blocks).read()))).toBe(true);
  });

  it("ISO-05: readline() returns lines that begin and end anywhere", async () => {
    const whole = Array.from({ length: 300 }, (_, i) => `${"l".repeat(i)}\n`).join("");
    const input = inputOf([...whole].map((letter) => bytes(letter)));
    expect((await input.readlines()).map(text)).toEqual(whole.match(/.*\n/g));
  });
});
