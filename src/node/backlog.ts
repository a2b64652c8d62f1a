/** What a client has not taken yet: in memory, then in a file, then with its source. Knows order and limits; knows no response. */
import { BlockQueue } from "../wsgi/block-queue.ts";
import type { Logger } from "../wsgi/log.ts";
import { RingFile } from "./ring-file.ts";

/** The same for all responses of an app. */
export interface BacklogLimits {
  /** Bytes that wait in memory. What comes then goes to a file. */
  readonly memory: number;
  /** The memory that all responses of the app hold together. */
  readonly sum: MemorySum;
  /** Bytes that wait in the file. When it is full, or for 0, the source waits. */
  readonly file: number;
  /** There is no file to write to: the source waits instead, and nothing is lost. */
  unwritable(error: Error): void;
}

/** Unlike `MemoryBudget` it refuses nothing: a response that is beyond the limit turns to its file. */
export interface MemorySum {
  /** Bytes. While more are held, each response keeps in memory only what its next reads and writes need. */
  readonly most: number;
  /** Bytes that all of them hold now. */
  held: number;
}

export interface BacklogOwner {
  /** Enough waits: push no more for now. */
  pause(): void;
  resume(): void;
  /** There is a block for `shift`, or nothing waits any more. */
  ready(): void;
  /** What was in the file is lost. */
  failed(error: Error): void;
}

const KIB = 1024;
/** Bytes of one read. */
const READ = 64 * KIB;
/** While less waits in front of the file, it is read. */
const READ_AHEAD = 2 * READ;
/** Bytes of one write: less waits in memory, since each call of the system costs what many bytes do. */
const WRITE = 256 * KIB;
/** While the disk is slow, so much waits behind what is being written. */
const WRITE_BEHIND = WRITE;

/** In this order: `#front` in memory, the file, what is being written, `#back` in memory. */
export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #owner: BacklogOwner;
  readonly #front: BlockQueue = new BlockQueue();
  readonly #back: BlockQueue = new BlockQueue();
  readonly #file: RingFile;
  #isWritable: boolean;
  /** Bytes that are being written. */
  #writing = 0;
  /** How many bytes of this response `limits.sum.held` includes. */
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
    return this.#front.size === 0 && this.#isDirect;
  }

  push(block: Uint8Array): void {
    const fits = !this.#isWritable || (!this.#isCrowded && this.#front.cost + block.length <= this.#limits.memory);
    (fits && this.#isDirect ? this.#front : this.#back).push(block);
    this.#advance();
    if (this.#isPaused || this.#cost <= this.#most) return;
    this.#isPaused = true;
    this.#owner.pause();
  }

  /** The next block. `undefined`: nothing waits, or `ready` will tell of it. */
  shift(): Uint8Array | undefined {
    const block = this.#front.shift();
    if (block !== undefined) this.#advance();
    return block;
  }

  /** Nobody wants what waits. May be called again. */
  close(): void {
    this.#isClosed = true;
    this.#front.clear();
    this.#back.clear();
    this.#count();
    this.#file.close();
  }

  /** Nothing waits behind `#front`. */
  get #isDirect(): boolean {
    return this.#file.size === 0 && this.#writing === 0 && this.#back.size === 0;
  }

  /** Bytes of memory. */
  get #cost(): number {
    return this.#front.cost + this.#writing + this.#back.cost;
  }

  /** The responses of the app together hold more than their limit. */
  get #isCrowded(): boolean {
    return this.#limits.sum.held > this.#limits.sum.most;
  }

  #count(): void {
    const cost = this.#cost;
    this.#limits.sum.held += cost - this.#counted;
    this.#counted = cost;
  }

  /** When more waits in memory, the source is to pause. */
  get #most(): number {
    const { memory } = this.#limits;
    return this.#isWritable ? Math.max(memory, READ_AHEAD + READ) + WRITE + WRITE_BEHIND : memory;
  }

  /** Does what can be done: moves, writes, reads, resumes. */
  #advance(): void {
    this.#count();
    const [ahead, write] = this.#isCrowded ? [READ, READ] : [READ_AHEAD, WRITE];
    const isFileEmpty = this.#file.size === 0 && this.#writing === 0;
    while (isFileEmpty && this.#back.size > 0 && (this.#front.cost < ahead || !this.#isWritable)) {
      this.#front.push(this.#back.shift() as Uint8Array);
    }
    if (this.#isWritable && this.#writing === 0 && this.#back.size >= write && this.#file.room > 0) void this.#write();
    if (!this.#isReading && this.#file.size > 0 && this.#front.cost < ahead) void this.#read();
    const enough = this.#isWritable ? this.#most - WRITE_BEHIND / 2 : this.#most / 2;
    if (!this.#isPaused || this.#cost > enough) return;
    this.#isPaused = false;
    this.#owner.resume();
  }

  async #write(): Promise<void> {
    this.#writing = Math.min(WRITE, this.#back.size, this.#file.room);
    const blocks = this.#back.takeBlocks(this.#writing);
    try {
      await this.#file.write(blocks);
    } catch (error) {
      this.#isWritable = false;
      for (const block of blocks.reverse()) this.#back.unshift(block);
      if (!this.#isClosed) this.#limits.unwritable(error as Error);
    }
    this.#writing = 0;
    this.#settle();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      this.#front.push(await this.#file.read(READ));
    } catch (error) {
      if (!this.#isClosed) this.#owner.failed(error as Error);
    }
    this.#isReading = false;
    this.#settle();
  }

  #settle(): void {
    if (this.#isClosed) {
      this.#front.clear();
      this.#back.clear();
      this.#count();
      return;
    }
    this.#advance();
    if (this.#front.size > 0 || this.#isDirect) this.#owner.ready();
  }
}

/** Logs no more than this often that there is no file, in milliseconds. */
const LOG_EVERY_MS = 60_000;

/** How many bytes all responses of an app hold in memory before they turn to their files. */
const SUM = 64 * 1024 * KIB;

/** The limits of an app's responses, in bytes. */
export function backlogLimits(options: { memory: number; file: number; logger: Logger }): BacklogLimits {
  const { memory, file, logger } = options;
  let logged = Number.NEGATIVE_INFINITY;
  const unwritable = ({ message }: Error): void => {
    if (performance.now() - logged < LOG_EVERY_MS) return;
    logged = performance.now();
    logger.warn(`no temporary file takes what slow clients have not read, so they hold up the app: ${message}`);
  };
  return { memory, sum: { most: SUM, held: 0 }, file, unwritable };
}
