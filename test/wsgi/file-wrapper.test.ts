import { describe, expect, it } from "vitest";
import { AppProtocolError } from "../../src/errors.ts";
import { type FileLike, fileWrapper } from "../../src/wsgi/file-wrapper.ts";
import { bytes } from "../support/bytes.ts";

/** A file of `text` that records the calls on it. */
class MemoryFile implements FileLike {
  readonly sizes: number[] = [];
  closes = 0;
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  read(size: number): Uint8Array {
    this.sizes.push(size);
    const block = this.#rest.slice(0, size);
    this.#rest = this.#rest.slice(size);
    return bytes(block);
  }

  close(): void {
    this.closes += 1;
  }
}

const collect = async (blocks: AsyncIterable<Uint8Array>): Promise<string[]> => {
  const texts: string[] = [];
  for await (const block of blocks) texts.push(Buffer.from(block).toString("latin1"));
  return texts;
};

describe("wsgi.file_wrapper", () => {
  it("FW-01: reads nothing until it is sent", () => {
    const file = new MemoryFile("abc");
    fileWrapper(file);
    expect(file.sizes).toEqual([]);
  });

  it("FW-03: yields the file's blocks from the current position to the end", async () => {
    const file = new MemoryFile("abcdefg");
    file.read(1);
    expect(await collect(fileWrapper(file, 4))).toEqual(["bcde", "fg"]);
  });

  it("FW-04: accepts short and late reads", async () => {
    const parts = ["a", "bcd", ""];
    const file: FileLike = { read: () => Promise.resolve(bytes(parts.shift() ?? "never")) };
    expect(await collect(fileWrapper(file))).toEqual(["a", "bcd"]);
  });

  it("FW-01: reads blocks of 64 KiB by default", async () => {
    const file = new MemoryFile("a");
    await collect(fileWrapper(file));
    expect(file.sizes).toEqual([65536, 65536]);
  });

  it("FW-02: has close() only if the file has it, and is not closed by the iteration", async () => {
    const file = new MemoryFile("a");
    const wrapper = fileWrapper(file);
    await collect(wrapper);
    expect(file.closes).toBe(0);
    await wrapper.close?.();
    expect(file.closes).toBe(1);
    expect("close" in fileWrapper({ read: () => bytes("") })).toBe(false);
  });

  it.each([[undefined], [null], ["a path"], [{}], [{ read: 5 }]])("rejects %j, which cannot be read", (value) => {
    expect(() => fileWrapper(value as unknown as FileLike)).toThrow(AppProtocolError);
  });
});
