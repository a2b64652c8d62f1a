/**
 * Queues the data of a slow client: first in memory, then in a temporary file. When both are full, the source pauses. Knows
 * order and limits; knows no response.
 */
import { BlockQueue } from "../wsgi/block-queue.ts";
import type { Logger } from "../wsgi/log.ts";
import { RingFile } from "./ring-file.ts";

/** The limits that all responses of an app share. */
export interface BacklogLimits {
  /** How many bytes of one response may wait in memory. Further data goes to the file. */
  readonly memory: number;
  /** The memory that all responses of the app use together. */
  readonly sum: MemorySum;
  /** How many bytes of one response may wait in the file. If the file is full, or if this is 0, the source pauses. */
  readonly file: number;
  /** Called when the file cannot be written. From then on the source pauses instead. No data is lost. */
  unwritable(error: Error): void;
}

/** The memory of all responses together. Its limit is softer than that of `MemoryBudget`: above it, responses use their files. */
export interface MemorySum {
  /** The limit in bytes. Above it, each response keeps in memory only what its next read and write need. */
  readonly limit: number;
  /** How many bytes all responses hold now. */
  held: number;
}

/** The response that a backlog belongs to. */
export interface BacklogOwner {
  /** Called when the source must stop pushing until `resume` is called. */
  pause(): void;
  resume(): void;
  /** Called when `shift` can return a block, or when the backlog is empty. */
  ready(): void;
  /** Called when the file cannot be read, so that its data is lost. */
  failed(error: Error): void;
}

const KIB = 1024;
/** The size of one read from the file, in bytes. */
const READ_SIZE = 64 * KIB;
/** The file is read while `#front` holds fewer bytes than this. */
const READ_AHEAD = 2 * READ_SIZE;
/** The usual size of one write to the file, in bytes. Smaller amounts wait in memory, because a system call is expensive. */
const WRITE_SIZE = 256 * KIB;
/** How many bytes may wait behind a write that is in progress, in case the disk is slow. */
const WRITE_BEHIND = WRITE_SIZE;

/** Holds the data in this order: `#front` (memory), the file, the write in progress, `#back` (memory). */
export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #owner: BacklogOwner;
  readonly #front: BlockQueue = new BlockQueue();
  readonly #back: BlockQueue = new BlockQueue();
  readonly #file: RingFile;
  #isWritable: boolean;
  /** How many bytes the write in progress contains. */
  #writing = 0;
  /** The part of `limits.sum.held` that belongs to this response, in bytes. */
  #counted = 0;
  #isReading = false;
  #isPaused = false;
  #isClosed = false;

  constructor(limits: BacklogLimits, owner: BacklogOwner) {
    this.#limits = limits;
    this.#owner = owner;
    this.#file = new RingFile(limits.file);
    this.#isWritable = limits.file > 0;
  }

  get isEmpty(): boolean {
    return this.#front.size === 0 && this.#isAllInFront;
  }

  push(block: Uint8Array): void {
    const fits = !this.#isWritable || (!this.#isOverLimit && this.#front.cost + block.length <= this.#limits.memory);
    (fits && this.#isAllInFront ? this.#front : this.#back).push(block);
    this.#advance();
    if (this.#isPaused || this.#cost <= this.#maxCost) return;
    this.#isPaused = true;
    this.#owner.pause();
  }

  /** Returns the next block; undefined if the backlog is empty, or if `ready` will be called once the block is available. */
  shift(): Uint8Array | undefined {
    const block = this.#front.shift();
    if (block !== undefined) this.#advance();
    return block;
  }

  /** Drops all data and closes the file. May be called more than once. */
  close(): void {
    this.#isClosed = true;
    this.#front.clear();
    this.#back.clear();
    this.#updateSum();
    this.#file.close();
  }

  /** Whether all data is in `#front`. */
  get #isAllInFront(): boolean {
    return this.#file.size === 0 && this.#writing === 0 && this.#back.size === 0;
  }

  /** The memory in use, in bytes. */
  get #cost(): number {
    return this.#front.cost + this.#writing + this.#back.cost;
  }

  /** Whether the responses of the app together hold more memory than their limit. */
  get #isOverLimit(): boolean {
    return this.#limits.sum.held > this.#limits.sum.limit;
  }

  #updateSum(): void {
    const cost = this.#cost;
    this.#limits.sum.held += cost - this.#counted;
    this.#counted = cost;
  }

  /** The source pauses when more bytes than this are in memory. */
  get #maxCost(): number {
    const { memory } = this.#limits;
    return this.#isWritable ? Math.max(memory, READ_AHEAD + READ_SIZE) + WRITE_SIZE + WRITE_BEHIND : memory;
  }

  /** Does everything that is possible now: moves blocks to the front, writes, reads, resumes the source. */
  #advance(): void {
    this.#updateSum();
    const [readAhead, batch] = this.#isOverLimit ? [READ_SIZE, READ_SIZE] : [READ_AHEAD, WRITE_SIZE];
    const isFileEmpty = this.#file.size === 0 && this.#writing === 0;
    while (isFileEmpty && this.#back.size > 0 && (this.#front.cost < readAhead || !this.#isWritable)) {
      this.#front.push(this.#back.shift() as Uint8Array);
    }
    if (this.#isWritable && this.#writing === 0 && this.#back.size >= batch && this.#file.room > 0) void this.#write();
    if (!this.#isReading && this.#file.size > 0 && this.#front.cost < readAhead) void this.#read();
    const resumeBelow = this.#isWritable ? this.#maxCost - WRITE_BEHIND / 2 : this.#maxCost / 2;
    if (!this.#isPaused || this.#cost > resumeBelow) return;
    this.#isPaused = false;
    this.#owner.resume();
  }

  async #write(): Promise<void> {
    this.#writing = Math.min(WRITE_SIZE, this.#back.size, this.#file.room);
    const blocks = this.#back.takeBlocks(this.#writing);
    try {
      await this.#file.write(blocks);
    } catch (error) {
      this.#isWritable = false;
      for (const block of blocks.reverse()) this.#back.unshift(block);
      if (!this.#isClosed) this.#limits.unwritable(error as Error);
    }
    this.#writing = 0;
    this.#afterFileAccess();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      this.#front.push(await this.#file.read(READ_SIZE));
    } catch (error) {
      if (!this.#isClosed) this.#owner.failed(error as Error);
    }
    this.#isReading = false;
    this.#afterFileAccess();
  }

  #afterFileAccess(): void {
    if (this.#isClosed) {
      this.#front.clear();
      this.#back.clear();
      this.#updateSum();
      return;
    }
    this.#advance();
    if (this.#front.size > 0 || this.#isAllInFront) this.#owner.ready();
  }
}

/** The minimum time between two log lines about an unwritable file, in milliseconds. */
const LOG_EVERY_MS = 60_000;

/** How many bytes all responses of an app may hold in memory before they use their files. */
const MEMORY_SUM = 64 * 1024 * KIB;

/** Returns the limits for the responses of one app. `memory` and `file` are in bytes. */
export function backlogLimits(options: { memory: number; file: number; logger: Logger }): BacklogLimits {
  const { memory, file, logger } = options;
  let logged = Number.NEGATIVE_INFINITY;
  const unwritable = ({ message }: Error): void => {
    if (performance.now() - logged < LOG_EVERY_MS) return;
    logged = performance.now();
    logger.warn(
      `cannot write to a temporary file, so slow clients now hold up the app; check TMPDIR and its free space: ${message}`,
    );
  };
  return { memory, sum: { limit: MEMORY_SUM, held: 0 }, file, unwritable };
}
