/** `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"). Knows files; knows no response. */
import { AppProtocolError } from "../errors.ts";

/** What can be wrapped: bytes from its present position on; none at the end. */
export interface FileLike {
  read(size: number): Uint8Array | Promise<Uint8Array>;
  close?(): void | Promise<void>;
}

/** A file as a result: `return environ["wsgi.file_wrapper"](file)`. Has `close()` if, and only if, the file has. */
export type FileWrapper = AsyncIterable<Uint8Array> & { close?(): void | Promise<void> };

const BLOCK = 64 * 1024;

/**
 * @param file read from its present position to its end, only when the response is sent
 * @param blockSize bytes asked for at a time
 * @throws AppProtocolError for what cannot be read
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
