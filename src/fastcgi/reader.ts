/** Cuts received bytes into records. Knows the header's layout; knows no request. */
import { HEADER_LENGTH, RecordType, VERSION } from "./records.ts";

/** Content of stream records comes in slices as it arrives; of all others whole. A slice may be empty: the stream's end. */
export type RecordListener = (type: number, requestId: number, content: Buffer) => void;

/** These may be handed on in pieces; the others are small, and mean nothing before they are whole. */
const SLICED: ReadonlySet<number> = new Set([RecordType.STDOUT, RecordType.STDERR, RecordType.STDIN]);

const EMPTY = Buffer.alloc(0);

export class RecordReader {
  readonly #listener: RecordListener;
  /** Bytes of a header, or of a record that must be whole, that have come so far. */
  #partial: Buffer = EMPTY;
  #type = 0;
  #requestId = 0;
  /** Bytes of content and of padding still to come; `-1`: a header comes next. */
  #content = -1;
  #padding = 0;

  constructor(listener: RecordListener) {
    this.#listener = listener;
  }

  /** @throws RangeError on bytes that are no FastCGI record: the connection cannot be used any further */
  push(chunk: Buffer): void {
    let bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    this.#partial = EMPTY;
    for (;;) {
      if (this.#content === -1) {
        if (bytes.length < HEADER_LENGTH) break;
        this.#content = this.#readHeader(bytes);
        bytes = bytes.subarray(HEADER_LENGTH);
        if (this.#content === 0) this.#listener(this.#type, this.#requestId, EMPTY);
      }
      const taken = this.#take(bytes);
      bytes = bytes.subarray(taken);
      if (this.#content > 0 || this.#padding > 0) break;
      this.#content = -1;
    }
    this.#partial = bytes;
  }

  #readHeader(bytes: Buffer): number {
    if (bytes[0] !== VERSION) throw new RangeError(`FastCGI version ${bytes[0]} instead of ${VERSION}`);
    this.#type = bytes[1] as number;
    this.#requestId = bytes.readUInt16BE(2);
    this.#padding = bytes[6] as number;
    return bytes.readUInt16BE(4);
  }

  /** Takes what belongs to the record at hand; says how many bytes that was. */
  #take(bytes: Buffer): number {
    const whole = bytes.length >= this.#content;
    if (!whole && !SLICED.has(this.#type)) return 0;
    const content = whole ? this.#content : bytes.length;
    if (content > 0) {
      this.#content -= content;
      this.#listener(this.#type, this.#requestId, bytes.subarray(0, content));
    }
    const padding = Math.min(this.#padding, bytes.length - content);
    this.#padding -= padding;
    return content + padding;
  }
}
