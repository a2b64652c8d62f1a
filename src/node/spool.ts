/** A body that must be known whole before it is handed on. Knows memory and temporary files; knows no protocol. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BodyTooLargeError, SpoolError } from "../errors.ts";
import type { InputStream } from "../wsgi/types.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { bytes } from "./option-values.ts";

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
  /** What all bodies of an app hold together. A body that does not fit in goes to a file, however short it is. */
  readonly memory: MemoryBudget;
}

/** As users give them. */
export interface SpoolOptions {
  readonly maxBodySize?: number | undefined;
  readonly spoolThreshold?: number | undefined;
  readonly spoolMemory?: number | undefined;
}

/** @throws OptionError that names the option */
export function spoolLimits({ maxBodySize, spoolThreshold, spoolMemory }: SpoolOptions): SpoolLimits {
  return {
    most: bytes("maxBodySize", maxBodySize ?? Number.POSITIVE_INFINITY),
    threshold: bytes("spoolThreshold", spoolThreshold ?? 1024 ** 2),
    memory: new MemoryBudget(bytes("spoolMemory", spoolMemory ?? 64 * 1024 ** 2)),
  };
}

const BLOCK = 64 * 1024;

/**
 * Reads a body to its end.
 *
 * @throws BodyTooLargeError, SpoolError; what the input throws
 */
export async function spool(input: InputStream, { threshold, most, memory }: SpoolLimits): Promise<SpooledBody> {
  const blocks: Uint8Array[] = [];
  let held = 0;
  const letGo = (): void => {
    memory.giveBack(held);
    held = 0;
    blocks.length = 0;
  };
  try {
    for (;;) {
      const block = await input.read(BLOCK);
      if (block.length === 0) return { size: held, blocks: () => blocks, close: letGo };
      const size = held + block.length;
      if (size > most) throw tooLarge(most);
      if (size > threshold || !memory.take(block.length)) {
        const file = await onDisk(openUnlinked());
        return await spoolToFile(input, { file, begun: [...blocks, block], letGo, most });
      }
      held = size;
      blocks.push(block);
    }
  } catch (error) {
    letGo();
    throw error;
  }
}

interface Spooling {
  readonly file: FileHandle;
  /** What has come of the body. */
  readonly begun: Uint8Array[];
  /** Called when that is in the file. */
  letGo(): void;
  readonly most: number;
}

async function spoolToFile(input: InputStream, { file, begun, letGo, most }: Spooling): Promise<SpooledBody> {
  try {
    let size = 0;
    for (const block of begun) size += await onDisk(append(file, block, size));
    begun.length = 0;
    letGo();
    for (let block = await input.read(BLOCK); block.length > 0; block = await input.read(BLOCK)) {
      if (size + block.length > most) throw tooLarge(most);
      size += await onDisk(append(file, block, size));
    }
    return { size, blocks: () => readBlocks(file), close: () => void close(file) };
  } catch (error) {
    await close(file);
    throw error;
  }
}

/** A file that cannot be closed is gone all the same, and nobody can do anything about it. */
function close(file: FileHandle): Promise<void> {
  return file.close().catch(() => undefined);
}

/** @throws SpoolError for what the system says against it */
function onDisk<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: NodeJS.ErrnoException) => {
    throw new SpoolError(
      `a request's body cannot be kept in a temporary file in ${tmpdir()} (${cause.code}); make room there, or set TMPDIR to a folder that Node may write to`,
      { cause },
    );
  });
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
