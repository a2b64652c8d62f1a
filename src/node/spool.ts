/** A body that must be known whole before it is handed on. Knows memory and temporary files; knows no protocol. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BodyTooLargeError } from "../errors.ts";
import type { InputStream } from "../wsgi/types.ts";

/** A whole body, in memory or in a file without a name. `close()` it when it is sent for good. */
export interface SpooledBody {
  /** Bytes. */
  readonly size: number;
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  close(): void;
}

/** In bytes. */
export interface SpoolLimits {
  /** A longer body goes to a temporary file that nobody else can read (0600) or find (unlinked). */
  readonly threshold: number;
  /** A longer body is refused. */
  readonly most: number;
}

const BLOCK = 64 * 1024;

/**
 * Reads a body to its end.
 *
 * @throws BodyTooLargeError
 */
export async function spool(input: InputStream, { threshold, most }: SpoolLimits): Promise<SpooledBody> {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const block = await input.read(BLOCK);
    if (block.length === 0) return { size, blocks: () => blocks, close: () => undefined };
    blocks.push(block);
    size += block.length;
    if (size > most) throw tooLarge(most);
    if (size > threshold) return spoolToFile(input, blocks, most);
  }
}

async function spoolToFile(input: InputStream, blocks: readonly Uint8Array[], most: number): Promise<SpooledBody> {
  const file = await openUnlinked();
  try {
    let size = 0;
    for (const block of blocks) size += await append(file, block, size);
    for (let block = await input.read(BLOCK); block.length > 0; block = await input.read(BLOCK)) {
      size += await append(file, block, size);
      if (size > most) throw tooLarge(most);
    }
    return { size, blocks: () => readBlocks(file), close: () => void file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function tooLarge(most: number): BodyTooLargeError {
  return new BodyTooLargeError(`the body is longer than maxBodySize, ${most} bytes`);
}

/** A new file that nobody else can read (0600) or find: it has no name. */
export async function openUnlinked(): Promise<FileHandle> {
  const path = join(tmpdir(), `wsgi-bridge-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @returns the block's length, when all of it is written */
export async function append(file: FileHandle, block: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < block.length; ) {
    done += (await file.write(block, done, block.length - done, position + done)).bytesWritten;
  }
  return block.length;
}

async function* readBlocks(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    // A buffer of its own for each block: the socket still holds the one before.
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOCK), 0, BLOCK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
