/** A temporary file as a ring buffer: reading bytes makes room for new ones. Knows positions; does not know the data. */
import type { FileHandle } from "node:fs/promises";
import { openUnlinked, writeAll } from "./spool.ts";

/** Supports one write and one read at a time; a write and a read may run concurrently. */
export class RingFile {
  readonly #capacity: number;
  #file: Promise<FileHandle> | undefined;
  /** How many bytes were read since the file was last empty. */
  #read = 0;
  /** How many bytes were written since the file was last empty. */
  #written = 0;

  /** @param capacity the maximum size of the file, in bytes. The first write creates the file. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many bytes can be read. */
  get size(): number {
    return this.#written - this.#read;
  }

  /** How many bytes the next write can take: up to the end of the file, or up to the first unread byte. */
  get room(): number {
    return Math.min(this.#capacity - this.size, this.#capacity - (this.#written % this.#capacity));
  }

  /** @param blocks at most `room` bytes in total. If the write fails, none of these bytes can be read. */
  async write(blocks: readonly Uint8Array[]): Promise<void> {
    if (this.size === 0) {
      this.#read = 0; // so that a file that is often emptied stays small
      this.#written = 0;
    }
    const at = this.#written % this.#capacity;
    const size = blocks.reduce((sum, { length }) => sum + length, 0);
    this.#file ??= openUnlinked();
    const file = await this.#file;
    const { bytesWritten } = await file.writev(blocks, at);
    if (bytesWritten < size) await writeAll(file, Buffer.concat(blocks).subarray(bytesWritten), at + bytesWritten);
    this.#written += size;
  }

  /** Reads at most `max` bytes. Call it only if `size` is not 0. */
  async read(max: number): Promise<Uint8Array> {
    const at = this.#read % this.#capacity;
    const length = Math.min(max, this.size, this.#capacity - at);
    const file = await (this.#file as Promise<FileHandle>);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) throw new Error("the temporary file is shorter than the data that was written to it");
    this.#read += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  /** Closes the file after the pending calls. May be called more than once. */
  close(): void {
    this.#file?.then((file) => file.close()).catch(() => undefined); // a file that could not be opened needs no close
  }
}
