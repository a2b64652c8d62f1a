/** Cuts received bytes into records. Knows the header's layout; knows no request. */
import { HEADER_LENGTH, RecordType, VERSION } from "./records.ts";

/** Content of stream records comes in slices as it arrives; of all others whole. A slice may be empty: the stream's end. */
export type RecordListener = (type: number, requestId: number, content: Buffer) => void;

/** These may be handed on in pieces; the others are small, and mean nothing before they are whole. */
const SLICED: ReadonlySet<number> = new Set([RecordType.STDOUT, RecordType.STDERR, RecordType.STDIN]);

const EMPTY = Buffer.alloc(0);

export class RecordReader {
  readonly #listener: RecordListener;
  /** Room for a header, or for the content of a record that must be whole, of which a part has come: `#held` bytes. */
  #room: Buffer = EMPTY;
  #held = 0;
  #type = 0;
  #requestId = 0;
  /** Bytes of content and of padding still to come; `-1`: a header comes next. */
  #content = -1;
  #padding = 0;

  constructor(listener: RecordListener) {
    this.#listener = listener;
  }

  /**
   * @returns how many records ended in the chunk
   * @throws RangeError on bytes that are no FastCGI record: the connection cannot be used any further
   */
  push(chunk: Buffer): number {
    if (this.#held === 0) return this.#cut(chunk);
    // Only what is missing is copied, so that each byte is copied once however small the chunks are.
    const copied = chunk.copy(this.#room, this.#held);
    this.#held += copied;
    if (this.#held < this.#room.length) return 0;
    const whole = this.#room; // the listener may keep it
    this.#room = EMPTY;
    this.#held = 0;
    const records = this.#cut(whole);
    return copied === chunk.length ? records : records + this.#cut(chunk.subarray(copied));
  }

  /** @returns how many records ended */
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
      this.#room = Buffer.allocUnsafeSlow(this.#content === -1 ? HEADER_LENGTH : this.#content);
      this.#held = bytes.copy(this.#room, 0, at);
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

  /** Takes what belongs to the record at hand. @returns where the rest begins */
  #take(bytes: Buffer, at: number): number {
    const held = bytes.length - at;
    const whole = held >= this.#content;
    if (!whole && !SLICED.has(this.#type)) return at;
    const content = whole ? this.#content : held;
    if (content > 0) {
      this.#content -= content;
      this.#listener(this.#type, this.#requestId, bytes.subarray(at, at + content));
    }
    const padding = Math.min(this.#padding, held - content);
    this.#padding -= padding;
    return at + content + padding;
  }
}
