/** A temporary file as a queue of bytes: what is read makes room for what is written. Knows positions; knows no reason. */
import type { FileHandle } from "node:fs/promises";
import { append, openUnlinked } from "./spool.ts";

/** One write and one read at a time; a write may run beside a read. */
export class RingFile {
  readonly #capacity: number;
  #file: Promise<FileHandle> | undefined;
  /** Bytes that were read, and bytes that were written, since it was last empty. */
  #read = 0;
  #written = 0;

  /** @param capacity in bytes, the longest that the file becomes. It is made with the first write. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes that can be read. */
  get size(): number {
    return this.#written - this.#read;
  }

  /** Bytes that can be written at once: to the end of the file, or to what is not read yet. */
  get room(): number {
    return Math.min(this.#capacity - this.size, this.#capacity - (this.#written % this.#capacity));
  }

  /** @param blocks at most `room` bytes. Where the write fails, nothing of them can be read. */
  async write(blocks: readonly Uint8Array[]): Promise<void> {
    if (this.size === 0) {
      this.#read = 0; // so that a file which is drained again and again does not grow
      this.#written = 0;
    }
    const at = this.#written % this.#capacity;
    const size = blocks.reduce((sum, { length }) => sum + length, 0);
    this.#file ??= openUnlinked();
    const file = await this.#file;
    const { bytesWritten } = await file.writev(blocks, at);
    if (bytesWritten < size) await append(file, Buffer.concat(blocks).subarray(bytesWritten), at + bytesWritten);
    this.#written += size;
  }

  /** At most `most` bytes; only while there are some. */
  async read(most: number): Promise<Uint8Array> {
    const at = this.#read % this.#capacity;
    const length = Math.min(most, this.size, this.#capacity - at);
    const file = await (this.#file as Promise<FileHandle>);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) throw new Error("the temporary file is shorter than what was written to it");
    this.#read += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  /** After the calls that have begun. May be called again. */
  close(): void {
    this.#file?.then((file) => file.close()).catch(() => undefined); // what could not be opened is not closed either
  }
}
