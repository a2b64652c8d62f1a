/** Cuts received bytes into records. Knows the header's layout; knows no request. */
import { HEADER_LENGTH, RecordType, VERSION } from "./records.ts";

/** Gets the content of stream records in slices as they arrive, and the content of all other records at once. An empty slice ends a stream. */
export type RecordListener = (type: number, requestId: number, content: Buffer) => void;

/** Records that are passed on in slices. The others are small, and mean nothing until they are complete. */
const SLICED: ReadonlySet<number> = new Set([RecordType.STDOUT, RecordType.STDERR, RecordType.STDIN]);

const EMPTY = Buffer.alloc(0);

export class RecordReader {
  readonly #listener: RecordListener;
  /** Holds an incomplete header, or the incomplete content of a record that is passed on at once; `#held` bytes of it have arrived. */
  #partial: Buffer = EMPTY;
  #held = 0;
  #type = 0;
  #requestId = 0;
  /** The bytes of content that are still missing; -1 when a header comes next. `#padding` likewise. */
  #content = -1;
  #padding = 0;

  constructor(listener: RecordListener) {
    this.#listener = listener;
  }

  /**
   * @returns the number of records that ended in the chunk
   * @throws RangeError for bytes that are not a FastCGI record. The connection cannot be used after that
   */
  push(chunk: Buffer): number {
    if (this.#held === 0) return this.#cut(chunk);
    // Copies only the missing bytes, so that each byte is copied once however small the chunks are.
    const copied = chunk.copy(this.#partial, this.#held);
    this.#held += copied;
    if (this.#held < this.#partial.length) return 0;
    const complete = this.#partial; // the listener may keep it
    this.#partial = EMPTY;
    this.#held = 0;
    const records = this.#cut(complete);
    return copied === chunk.length ? records : records + this.#cut(chunk.subarray(copied));
  }

  /** @returns the number of records that ended */
  #cut(bytes: Buffer): number {
    let at = 0;
    let records = 0;
    for (; ; records += 1) {
      if (this.#content === -1) {
        if (bytes.length - at < HEADER_LENGTH) break;
        this.#content = this.#readHeader(bytes, at);
        at += HEADER_LENGTH;
        if (this.#content === 0) this.#listener(this.#type, this.#requestId, EMPTY);
      }
      at = this.#take(bytes, at);
      if (this.#content > 0 || this.#padding > 0) break;
      this.#content = -1;
    }
    if (at < bytes.length) {
      this.#partial = Buffer.allocUnsafeSlow(this.#content === -1 ? HEADER_LENGTH : this.#content);
      this.#held = bytes.copy(this.#partial, 0, at);
    }
    return records;
  }

  #readHeader(bytes: Buffer, at: number): number {
    if (bytes[at] !== VERSION) throw new RangeError(`FastCGI version ${bytes[at]} instead of ${VERSION}`);
    this.#type = bytes[at + 1] as number;
    this.#requestId = bytes.readUInt16BE(at + 2);
    this.#padding = bytes[at + 6] as number;
    return bytes.readUInt16BE(at + 4);
  }

  /** Passes on the bytes of the current record. @returns the position of the first byte after them */
  #take(bytes: Buffer, at: number): number {
    const held = bytes.length - at;
    const isComplete = held >= this.#content;
    if (!isComplete && !SLICED.has(this.#type)) return at;
    const content = isComplete ? this.#content : held;
    if (content > 0) {
      this.#content -= content;
      this.#listener(this.#type, this.#requestId, bytes.subarray(at, at + content));
    }
    const padding = Math.min(this.#padding, held - content);
    this.#padding -= padding;
    return at + content + padding;
  }
}
