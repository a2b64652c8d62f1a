/** A queue of byte blocks for one consumer. Knows how much memory the blocks take; knows no stream. */

/** Small blocks are merged once this many blocks wait, because the consumer is slow then. */
const MERGE_FROM = 64;
/** Blocks of this size or more are not merged, because their bytes cost more than the objects that hold them. */
const SMALL = 4 * 1024;
/** A block that uses less than this share of its buffer is copied if it must wait, so that the buffer can be freed. */
const MIN_SHARE = 1 / 4;
/** The size of a page, in bytes. Small blocks are merged into pages. */
const PAGE = 16 * 1024;
/** The minimum memory for a block, in bytes: a typed array, its buffer, and its place in the queue. */
const MIN_COST = 512;
/** The array is compacted when at least this many places at its front are empty. */
const COMPACT_FROM = 64;

/** A first-in, first-out queue. `push`, `shift` and `unshift` take amortized constant time. */
export class BlockQueue {
  readonly #blocks: (Uint8Array | undefined)[] = [];
  /** The index of the first block in `#blocks`. The places before it are empty. */
  #first = 0;
  #size = 0;
  #cost = 0;
  /** The page that is being filled. Its first `#used` bytes come after all of `#blocks`. */
  #page: Uint8Array | undefined;
  #used = 0;

  /** The number of bytes in the queue. */
  get size(): number {
    return this.#size;
  }

  /** The memory that the queue takes, in bytes. */
  get cost(): number {
    return this.#cost;
  }

  push(block: Uint8Array): void {
    if (block.length === 0) return;
    this.#size += block.length;
    const waiting = this.#blocks.length - this.#first;
    if (block.length < SMALL && (this.#page !== undefined || waiting >= MERGE_FROM)) {
      this.#merge(block);
      return;
    }
    this.#seal();
    this.#add(waiting > 0 && block.length < block.buffer.byteLength * MIN_SHARE ? Buffer.from(block) : block);
  }

  /** Removes and returns the first block; `undefined` if the queue is empty. */
  shift(): Uint8Array | undefined {
    if (this.#first === this.#blocks.length) this.#seal();
    const block = this.#blocks[this.#first];
    if (block === undefined) return undefined;
    this.#blocks[this.#first] = undefined;
    this.#first += 1;
    this.#size -= block.length;
    this.#cost -= costOf(block);
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#blocks.length) {
      this.#blocks.splice(0, this.#first);
      this.#first = 0;
    }
    return block;
  }

  /** Puts the unused rest of a block back at the front. */
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

  /** Removes and returns the first `count` bytes, which the queue must hold. Copies them only if they span several blocks. */
  take(count: number): Uint8Array {
    const parts = this.takeBlocks(count);
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, count);
  }

  /** Like `take`, but does not join the blocks. */
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

  /** Returns the position of the first `byte` among the first `limit` bytes, or -1. */
  indexOf(byte: number, limit: number): number {
    this.#seal();
    let passed = 0;
    for (let i = this.#first; i < this.#blocks.length && passed < limit; i += 1) {
      const block = this.#blocks[i] as Uint8Array;
      const at = block.subarray(0, limit - passed).indexOf(byte);
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

  /** Moves the page to `#blocks`. A page that is less than half full is copied, so that it takes no more memory than it needs. */
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
  return Math.max(block.length, MIN_COST);
}
