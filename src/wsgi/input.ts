/** `wsgi.input` over any source of bytes. Implements PEP 3333's read methods; knows no socket. */
import { AppProtocolError } from "../errors.ts";
import { BlockQueue } from "./block-queue.ts";
import type { InputStream } from "./types.ts";

/** The source of a body. It is pulled: nothing is read before the application asks. */
export interface ByteSource {
  /** Called when the application starts to read, just before the first `next()`. May be called again. */
  begin?(): void;
  /** Resolves with the next bytes, never empty, or with `undefined` at the end. Rejects when the body ends too early. */
  next(): Promise<Uint8Array | undefined>;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const NEWLINE = 0x0a;

/**
 * A body as a file. `read(n)` waits until it has `n` bytes or the body ends, like Python's buffered files.
 * Overlapping calls are served one after another.
 */
export class BodyInput implements InputStream {
  readonly #source: ByteSource;
  readonly #chunks: BlockQueue = new BlockQueue();
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: ByteSource) {
    this.#source = source;
  }

  read(size?: number): Promise<Uint8Array> {
    return this.#inTurn(() => this.#read(bound(size)));
  }

  read1(size?: number): Promise<Uint8Array> {
    return this.#inTurn(() => this.#read1(bound(size)));
  }

  readline(size?: number): Promise<Uint8Array> {
    return this.#inTurn(() => this.#readline(bound(size)));
  }

  readlines(hint?: number): Promise<Uint8Array[]> {
    return this.#inTurn(() => this.#readlines(bound(hint) || Number.POSITIVE_INFINITY));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    this.#source.begin?.();
    const result = this.#turn.then(job);
    this.#turn = result.catch(() => undefined); // the caller handles the rejection; the next call gets its own
    return result;
  }

  async #read(size: number): Promise<Uint8Array> {
    while (this.#chunks.size < size && (await this.#fill()) !== undefined);
    return this.#take(size);
  }

  async #read1(size: number): Promise<Uint8Array> {
    if (this.#chunks.size === 0 && size > 0) await this.#fill();
    return this.#take(size);
  }

  async #readline(size: number): Promise<Uint8Array> {
    let at = this.#chunks.indexOf(NEWLINE, size);
    while (at === -1 && this.#chunks.size < size) {
      const searched = this.#chunks.size;
      const chunk = await this.#fill();
      if (chunk === undefined) break;
      const found = chunk.indexOf(NEWLINE);
      if (found !== -1) at = searched + found;
    }
    return this.#take(at === -1 ? size : Math.min(size, at + 1));
  }

  async #readlines(hint: number): Promise<Uint8Array[]> {
    const lines: Uint8Array[] = [];
    for (let total = 0; total < hint; ) {
      const line = await this.#readline(Number.POSITIVE_INFINITY);
      if (line.length === 0) break;
      lines.push(line);
      total += line.length;
    }
    return lines;
  }

  /** Takes another chunk from the source. Returns undefined at the end, also when called again. */
  async #fill(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const chunk = await this.#source.next();
    if (chunk === undefined) this.#ended = true;
    else this.#chunks.push(chunk);
    return chunk;
  }

  /** Removes and returns at most `most` bytes. */
  #take(most: number): Uint8Array {
    const count = Math.min(most, this.#chunks.size);
    return count === 0 ? NOTHING : this.#chunks.take(count);
  }
}

/** Returns the error for reading a body after its request has ended. */
export function readTooLate(): AppProtocolError {
  return new AppProtocolError(
    "wsgi.input was read after its request had ended; read the body before the response ends",
  );
}

/** A missing, `null` or negative size means no limit, as in Python. */
function bound(size: number | null | undefined): number {
  return size === undefined || size === null || size < 0 ? Number.POSITIVE_INFINITY : Math.trunc(size);
}

/** The empty body. All requests without a body share it. */
export const EMPTY_INPUT: InputStream = new BodyInput({ next: () => Promise.resolve(undefined) });

const empty: WeakSet<InputStream> = new WeakSet([EMPTY_INPUT]);

/** True if the body is known to be empty, so that it need not be read. */
export function isEmptyInput(input: InputStream): boolean {
  return empty.has(input);
}

/** Tells `isEmptyInput` that a wrapper has the same body as what it wraps. */
export function wrapsInput(wrapper: InputStream, input: InputStream): void {
  if (empty.has(input)) empty.add(wrapper);
}

/** Returns an input for a body that is in memory. */
export function bytesInput(bytes: Uint8Array): InputStream {
  let rest: Uint8Array | undefined = bytes.length === 0 ? undefined : bytes;
  return new BodyInput({
    next: () => {
      const whole = rest;
      rest = undefined;
      return Promise.resolve(whole);
    },
  });
}
