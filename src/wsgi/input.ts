/** `wsgi.input` over any source of bytes. Implements PEP 3333's read methods; knows no socket. */
import { AppProtocolError } from "../errors.ts";
import { BlockQueue } from "./block-queue.ts";
import type { InputStream } from "./types.ts";

/** The source of a body. Nothing is read before the application asks for it. */
export interface ByteSource {
  /** Called when the application starts to read, just before the first `next()`. May be called again. */
  begin?(): void;
  /** Resolves with the next bytes, at least one, or with `undefined` at the end. Rejects when the body ends too early. */
  next(): Promise<Uint8Array | undefined>;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const NEWLINE = 0x0a;

/**
 * A body with the methods of a Python file. As in Python, `read(n)` waits until it has `n` bytes or the body ends. Overlapping
 * calls run one after another.
 */
export class BodyInput implements InputStream {
  readonly #source: ByteSource;
  readonly #chunks: BlockQueue = new BlockQueue();
  #ended = false;
  /** Resolves when all earlier calls have ended. */
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

  /** Runs a call after all earlier ones. */
  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    this.#source.begin?.();
    const result = this.#turn.then(job);
    this.#turn = result.catch(() => undefined); // a failed call must not make the next one fail; the caller gets the rejection
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

  /** Reads another chunk from the source. Returns undefined at the end, and on every call after that. */
  async #fill(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const chunk = await this.#source.next();
    if (chunk === undefined) this.#ended = true;
    else this.#chunks.push(chunk);
    return chunk;
  }

  /** Removes and returns at most `size` bytes. */
  #take(size: number): Uint8Array {
    const count = Math.min(size, this.#chunks.size);
    return count === 0 ? NOTHING : this.#chunks.take(count);
  }
}

/** Returns the error for reading a body after its request has ended. */
export function readTooLate(): AppProtocolError {
  return new AppProtocolError(
    "wsgi.input was read after its request had ended; read the body before the response ends",
  );
}

/** Returns the limit that a size sets: infinite if it is missing, `null` or negative, as in Python. */
function bound(size: number | null | undefined): number {
  return size === undefined || size === null || size < 0 ? Number.POSITIVE_INFINITY : Math.trunc(size);
}

/** The empty body. All requests without a body share it. */
export const EMPTY_INPUT: InputStream = new BodyInput({ next: () => Promise.resolve(undefined) });

/** The inputs that are known to be empty. */
const empty: WeakSet<InputStream> = new WeakSet([EMPTY_INPUT]);

/** True if the body is known to be empty, so that there is no need to read it. */
export function isEmptyInput(input: InputStream): boolean {
  return empty.has(input);
}

/** Makes `isEmptyInput` return the same for a wrapper as for the input inside it. */
export function wrapsInput(wrapper: InputStream, input: InputStream): void {
  if (empty.has(input)) empty.add(wrapper);
}

/** Returns an input that reads a body from memory. */
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
