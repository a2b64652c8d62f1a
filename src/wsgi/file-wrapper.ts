/** `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"). Knows files; knows no response. */
import { AppProtocolError } from "../errors.ts";

/** A file-like object. `read` returns bytes from the current position, and an empty array at the end. */
export interface FileLike {
  read(size: number): Uint8Array | Promise<Uint8Array>;
  close?(): void | Promise<void>;
}

/** A result that sends a file: `return environ["wsgi.file_wrapper"](file)`. It has `close()` only if the file has. */
export type FileWrapper = AsyncIterable<Uint8Array> & { close?(): void | Promise<void> };

const BLOCK = 64 * 1024;

/**
 * Turns a file into a result.
 *
 * @param file is read from its current position to its end, while the response is sent
 * @param blockSize the number of bytes for each read
 * @throws AppProtocolError if the file has no read()
 */
export function fileWrapper(file: FileLike, blockSize: number = BLOCK): FileWrapper {
  if (typeof file?.read !== "function") throw new AppProtocolError("wsgi.file_wrapper takes an object with read(size)");
  const blocks = { [Symbol.asyncIterator]: () => readBlocks(file, blockSize) };
  return typeof file.close === "function" ? { ...blocks, close: () => file.close?.() } : blocks;
}

async function* readBlocks(file: FileLike, blockSize: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const block = await file.read(blockSize);
    if (block.length === 0) return;
    yield block;
  }
}
