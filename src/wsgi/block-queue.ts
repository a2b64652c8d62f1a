/** Blocks of bytes that wait for a consumer, in order. Knows what it costs to hold them; knows no stream. */

/** A consumer that keeps up gets each block as it came. When so many wait, it lags, and what follows is merged. */
const LOOSE = 64;
/** Larger blocks are not merged, since their bytes cost more than they themselves. */
const SMALL = 4 * 1024;
/** A view of less than such a share of its buffer is copied when it has to wait: it would keep the whole buffer. */
const SHARE = 1 / 4;
/** Bytes of a page, into which small blocks are merged. */
const PAGE = 16 * 1024;
/** What the smallest block costs to hold, in bytes: a typed array, its buffer, and its place in the queue. */
const LEAST_COST = 512;
/** So many places may be empty at the front before the others move up. */
const HOLES = 64;

/** First in, first out; each step takes the same time however many wait. */
export class BlockQueue {
  readonly #blocks: (Uint8Array | undefined)[] = [];
  /** Where the front is in `#blocks`. */
  #first = 0;
  #size = 0;
  #cost = 0;
  /** The page at the back, whose first `#used` bytes wait behind `#blocks`. */
  #page: Uint8Array | undefined;
  #used = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that they take. */
  get cost(): number {
    return this.#cost;
  }

  push(block: Uint8Array): void {
    if (block.length === 0) return;
    this.#size += block.length;
    const before = this.#blocks.length - this.#first;
    if (block.length < SMALL && (this.#page !== undefined || before >= LOOSE)) {
      this.#merge(block);
      return;
    }
    this.#seal();
    this.#add(before > 0 && block.length < block.buffer.byteLength * SHARE ? Buffer.from(block) : block);
  }

  /** The block at the front, or `undefined` if none waits. */
  shift(): Uint8Array | undefined {
    if (this.#first === this.#blocks.length) this.#seal();
    const block = this.#blocks[this.#first];
    if (block === undefined) return undefined;
    this.#blocks[this.#first] = undefined;
    this.#first += 1;
    this.#size -= block.length;
    this.#cost -= costOf(block);
    if (this.#first >= HOLES && this.#first * 2 >= this.#blocks.length) {
      this.#blocks.splice(0, this.#first);
      this.#first = 0;
    }
    return block;
  }

  /** Puts what was not needed of a block back to the front. */
  unshift(block: Uint8Array): void {
    this.#size += block.length;
    this.#cost += costOf(block);
    if (this.#first === 0) {
      this.#blocks.unshift(block);
    } else {
      this.#first -= 1;
      this.#blocks[this.#first] = block;
    }
  }

  /** Removes the first `count` bytes; there are at least so many. Copies only what lies in more than one block. */
  take(count: number): Uint8Array {
    const parts = this.takeBlocks(count);
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, count);
  }

  /** The same without a copy. */
  takeBlocks(count: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let left = count;
    while (left > 0) {
      const block = this.shift() as Uint8Array;
      if (block.length > left) this.unshift(block.subarray(left));
      parts.push(block.length > left ? block.subarray(0, left) : block);
      left -= Math.min(left, block.length);
    }
    return parts;
  }

  /** How many bytes are before the first `byte` among the first `most` bytes; -1 if it is not there. */
  indexOf(byte: number, most: number): number {
    this.#seal();
    let passed = 0;
    for (let i = this.#first; i < this.#blocks.length && passed < most; i += 1) {
      const block = this.#blocks[i] as Uint8Array;
      const at = block.subarray(0, most - passed).indexOf(byte);
      if (at !== -1) return passed + at;
      passed += block.length;
    }
    return -1;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#first = 0;
    this.#size = 0;
    this.#cost = 0;
    this.#page = undefined;
    this.#used = 0;
  }

  #add(block: Uint8Array): void {
    this.#blocks.push(block);
    this.#cost += costOf(block);
  }

  #merge(block: Uint8Array): void {
    if (this.#used + block.length > PAGE) this.#seal();
    if (this.#page === undefined) {
      this.#page = Buffer.allocUnsafe(PAGE);
      this.#cost += PAGE;
    }
    this.#page.set(block, this.#used);
    this.#used += block.length;
  }

  /** Ends the page at the back: what comes next waits behind it. One that is not half full is copied, and costs what it holds. */
  #seal(): void {
    const page = this.#page;
    if (page === undefined) return;
    const content = page.subarray(0, this.#used);
    this.#cost -= PAGE;
    this.#page = undefined;
    this.#used = 0;
    this.#add(content.length * 2 < PAGE ? Buffer.from(content) : content);
  }
}

function costOf(block: Uint8Array): number {
  return Math.max(block.length, LEAST_COST);
}
