/** Buffers a body completely before it is sent on. Knows memory and temporary files; knows no protocol. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolError } from "../errors.ts";
import type { InputStream } from "../wsgi/types.ts";
import { bodyTooLarge } from "./body-too-large.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { bytes } from "./option-values.ts";

/** A complete body, in memory or in an unlinked file. Call `close()` when it will not be sent again. */
export interface SpooledBody {
  /** The size in bytes. */
  readonly size: number;
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  close(): void;
}

/** The limits for bodies, in bytes. */
export interface SpoolLimits {
  /** A larger body goes to a temporary file that nobody else can read (0600) or find (unlinked). */
  readonly threshold: number;
  /** A larger body is refused. */
  readonly maxSize: number;
  /** The memory that all bodies of an app share. When it is used up, even small bodies go to files. */
  readonly memory: MemoryBudget;
}

/** The options, as the user passes them. */
export interface SpoolOptions {
  readonly maxBodySize?: number | undefined;
  readonly spoolThreshold?: number | undefined;
  readonly spoolMemory?: number | undefined;
}

/** @throws OptionError if an option is invalid; the message names it */
export function spoolLimits({ maxBodySize, spoolThreshold, spoolMemory }: SpoolOptions): SpoolLimits {
  return {
    maxSize: bytes("maxBodySize", maxBodySize ?? Number.POSITIVE_INFINITY),
    threshold: bytes("spoolThreshold", spoolThreshold ?? 1024 ** 2),
    memory: new MemoryBudget(bytes("spoolMemory", spoolMemory ?? 64 * 1024 ** 2)),
  };
}

const BLOCK = 64 * 1024;

/**
 * Reads a body to its end.
 *
 * @throws BodyTooLargeError, SpoolError, and the errors of `input`
 */
export async function spool(input: InputStream, { threshold, maxSize, memory }: SpoolLimits): Promise<SpooledBody> {
  const blocks: Uint8Array[] = [];
  let held = 0;
  const release = (): void => {
    memory.release(held);
    held = 0;
    blocks.length = 0;
  };
  try {
    for (;;) {
      const block = await input.read(BLOCK);
      if (block.length === 0) return { size: held, blocks: () => blocks, close: release };
      const size = held + block.length;
      if (size > maxSize) throw bodyTooLarge(maxSize);
      if (size > threshold || !memory.reserve(block.length)) {
        const file = await withSpoolError(openUnlinked());
        return await spoolToFile(input, { file, received: [...blocks, block], release, maxSize });
      }
      held = size;
      blocks.push(block);
    }
  } catch (error) {
    release();
    throw error;
  }
}

interface SpoolToFileOptions {
  readonly file: FileHandle;
  /** The blocks that have been read so far. */
  readonly received: Uint8Array[];
  /** Called when these blocks have been written to the file. */
  release(): void;
  readonly maxSize: number;
}

async function spoolToFile(
  input: InputStream,
  { file, received, release, maxSize }: SpoolToFileOptions,
): Promise<SpooledBody> {
  try {
    let size = 0;
    for (const block of received) size += await withSpoolError(writeAll(file, block, size));
    received.length = 0;
    release();
    for (let block = await input.read(BLOCK); block.length > 0; block = await input.read(BLOCK)) {
      if (size + block.length > maxSize) throw bodyTooLarge(maxSize);
      size += await withSpoolError(writeAll(file, block, size));
    }
    return { size, blocks: () => readBlocks(file), close: () => void close(file) };
  } catch (error) {
    await close(file);
    throw error;
  }
}

/** Closes a file. Ignores errors, because nothing can be done about a file that cannot be closed. */
function close(file: FileHandle): Promise<void> {
  return file.close().catch(() => undefined);
}

/** Awaits a file operation. @throws SpoolError if it fails */
function withSpoolError<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: NodeJS.ErrnoException) => {
    throw new SpoolError(
      `cannot write a request body to a temporary file in ${tmpdir()} (${cause.code}); free space there, or set TMPDIR to a writable folder`,
      { cause },
    );
  });
}

/** Creates a file that nobody else can read (0600) or find (unlinked). */
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

/** Writes the whole block, in several writes if needed. @returns the length of the block */
export async function writeAll(file: FileHandle, block: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < block.length; ) {
    done += (await file.write(block, done, block.length - done, position + done)).bytesWritten;
  }
  return block.length;
}

async function* readBlocks(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    // A new buffer for each block: the socket may still hold the previous one.
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOCK), 0, BLOCK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
