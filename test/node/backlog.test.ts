/** Tests of the backlog of a slow client, with real files in a temporary folder. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Backlog } from "../../src/node/backlog.ts";
import { RingFile } from "../../src/node/ring-file.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

let folder: string;
const before = process.env.TMPDIR;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backlog-test-"));
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true });
});

/** The number of open files of that folder, as Linux's /proc shows them. */
function spoolFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false; // the descriptor of /proc/self/fd itself
    }
  }).length;
}

/** A backlog and its source, which pushes blocks until it is told to pause. */
class Flow {
  readonly backlog: Backlog;
  readonly sent = createHash("sha256");
  readonly taken = createHash("sha256");
  pushed = 0;
  received = 0;
  paused = false;
  pauses = 0;
  readonly unwritable: Error[] = [];
  readonly failures: Error[] = [];
  #wake: (() => void) | undefined;

  constructor(limits: { memory: number; file: number }, sum = { limit: Number.POSITIVE_INFINITY, held: 0 }) {
    const unwritable = (error: Error): void => void this.unwritable.push(error);
    this.backlog = new Backlog(
      { ...limits, sum, unwritable },
      {
        pause: () => {
          this.paused = true;
          this.pauses += 1;
        },
        resume: () => {
          this.paused = false;
          this.#wake?.();
        },
        ready: () => this.#wake?.(),
        failed: (error) => {
          this.failures.push(error);
          this.backlog.close();
          this.#wake?.();
        },
      },
    );
    onTestFinished(() => this.backlog.close());
  }

  push(size: number): void {
    const block = Buffer.alloc(size, `${this.pushed}.`);
    this.pushed += size;
    this.sent.update(block);
    this.backlog.push(block);
  }

  /** Pushes until `size` bytes were pushed. Waits while it is paused. */
  async pushAll(size: number, block = 48 * KIB): Promise<void> {
    while (this.pushed < size && this.failures.length === 0) {
      if (this.paused) await this.news();
      else this.push(Math.min(block, size - this.pushed));
    }
  }

  news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  take(): boolean {
    const block = this.backlog.shift();
    if (block === undefined) return false;
    this.received += block.length;
    this.taken.update(block);
    return true;
  }

  async takeAll(): Promise<void> {
    while (!this.backlog.isEmpty && this.failures.length === 0) if (!this.take()) await this.news();
  }

  get isWhole(): boolean {
    return this.received === this.pushed && this.sent.digest("hex") === this.taken.digest("hex");
  }
}

const LIMITS = { memory: MIB, file: 64 * MIB };

describe.runIf(process.platform === "linux")("a backlog", () => {
  it("ISO-07: creates no file while the data fits into memory", async () => {
    const flow = new Flow(LIMITS);
    await flow.pushAll(MIB);
    expect(spoolFiles()).toBe(0);
    await flow.takeAll();
    expect(flow.isWhole).toBe(true);
    expect(flow.pauses).toBe(0);
  });

  it("ISO-07: takes a whole response from its source while nobody reads, then returns all of it in order", async () => {
    const flow = new Flow(LIMITS);
    await flow.pushAll(20 * MIB);
    expect(spoolFiles()).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
    await flow.takeAll();
    expect(flow.isWhole).toBe(true);
    flow.backlog.close();
    flow.backlog.close();
    await expect.poll(spoolFiles).toBe(0);
  });

  it("ISO-07: tiny blocks go to the file as well", async () => {
    const flow = new Flow({ memory: 64 * KIB, file: 64 * MIB });
    await flow.pushAll(MIB, 3);
    await flow.takeAll();
    expect(flow.isWhole).toBe(true);
  });

  it("ISO-07: keeps the order while the client alternately lags and catches up", async () => {
    const flow = new Flow({ memory: 256 * KIB, file: 2 * MIB });
    const source = flow.pushAll(30 * MIB, 7 * KIB);
    for (let round = 0; flow.received < 30 * MIB; round += 1) {
      for (let i = 0; i < 1 + ((round * 37) % 200); i += 1) flow.take();
      await new Promise(setImmediate);
    }
    await source;
    expect(flow.isWhole).toBe(true);
  });

  it("ISO-07: never lets the file exceed its limit: the source waits", async () => {
    const flow = new Flow({ memory: 64 * KIB, file: 3 * MIB });
    void flow.pushAll(40 * MIB);
    while (!flow.paused || flow.pushed < 3 * MIB) await new Promise(setImmediate);
    expect(flow.pushed).toBeLessThan(3 * MIB + MIB);
    while (flow.received < 40 * MIB) if (!flow.take()) await new Promise(setImmediate);
    expect(flow.isWhole).toBe(true);
    expect(flow.pauses).toBeGreaterThan(3);
  });

  it("ISO-07: limits the data in memory while the disk is slow", () => {
    const flow = new Flow(LIMITS);
    while (!flow.paused) flow.push(16 * KIB); // in one turn of the event loop, so that nothing is written to disk yet
    expect(flow.pushed).toBeLessThanOrEqual(MIB + 600 * KIB);
  });

  it("ISO-07: without a file, makes the source wait for the client", async () => {
    const flow = new Flow({ memory: MIB, file: 0 });
    while (!flow.paused) flow.push(16 * KIB);
    expect(flow.pushed).toBe(MIB + 16 * KIB);
    while (flow.paused) flow.take();
    await flow.takeAll();
    expect(flow.isWhole).toBe(true);
    expect(spoolFiles()).toBe(0);
  });

  it("ISO-07: limits the memory of many responses together, without losing data", async () => {
    const sum = { limit: 8 * MIB, held: 0 };
    const flows = Array.from({ length: 100 }, () => new Flow(LIMITS, sum));
    await Promise.all(flows.map((flow) => flow.pushAll(2 * MIB)));
    await expect.poll(() => sum.held).toBeLessThan(8 * MIB + 100 * 256 * KIB); // it would be 100 MiB without a limit
    await Promise.all(flows.map((flow) => flow.takeAll()));
    expect(flows.every(({ isWhole }) => isWhole)).toBe(true);
    for (const { backlog } of flows) backlog.close();
    await expect.poll(() => sum.held).toBe(0);
  });

  it("ISO-07: close() during writes and reads closes the file", async () => {
    const flow = new Flow(LIMITS);
    for (let i = 0; i < 40; i += 1) flow.push(64 * KIB);
    flow.backlog.close();
    await expect.poll(spoolFiles).toBe(0);
    const other = new Flow({ memory: 0, file: 64 * MIB });
    await other.pushAll(4 * MIB);
    while (!other.take()) await other.news();
    other.backlog.close();
    await expect.poll(spoolFiles).toBe(0);
    expect([...flow.unwritable, ...other.unwritable, ...other.failures]).toEqual([]);
  });
});

describe.runIf(process.platform === "linux")("a disk that fails", () => {
  it("ISO-07: if the folder cannot be used, no data is lost: the source waits", async () => {
    process.env.TMPDIR = join(folder, "is-not-there");
    const flow = new Flow(LIMITS);
    void flow.pushAll(8 * MIB);
    while (!flow.paused || flow.unwritable.length === 0) await new Promise(setImmediate);
    expect(flow.pushed).toBeLessThan(2 * MIB);
    while (flow.received < 8 * MIB) if (!flow.take()) await new Promise(setImmediate);
    expect(flow.isWhole).toBe(true);
    expect(flow.unwritable).toHaveLength(1);
  });

  it("ISO-07: if the disk becomes full, no data is lost, neither from the file nor from the failed write", async () => {
    const probe = await open(join(folder, "probe"), "wx");
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const { writev } = prototype;
    let room = 5;
    const full = vi.spyOn(prototype, "writev").mockImplementation(function (this: FileHandle, ...args) {
      room -= 1;
      if (room < 0) return Promise.reject(new Error("ENOSPC: no space left on device"));
      return writev.apply(this, args);
    });
    onTestFinished(() => full.mockRestore());
    const flow = new Flow(LIMITS);
    void flow.pushAll(8 * MIB);
    while (!flow.paused || flow.unwritable.length === 0) await new Promise(setImmediate);
    while (flow.received < 8 * MIB) if (!flow.take()) await new Promise(setImmediate);
    expect(flow.isWhole).toBe(true);
    expect(flow.unwritable.map(({ message }) => message)).toEqual(["ENOSPC: no space left on device"]);
  });

  it("ISO-07: if the file cannot be read, one failure is reported", async () => {
    const probe = await open(join(folder, "probe"), "wx");
    const broken = vi
      .spyOn(Object.getPrototypeOf(probe) as FileHandle, "read")
      .mockRejectedValue(new Error("EIO: i/o error"));
    onTestFinished(() => broken.mockRestore());
    await probe.close();
    const flow = new Flow({ memory: 0, file: 64 * MIB });
    await flow.pushAll(4 * MIB);
    await flow.takeAll();
    expect(flow.failures.map(({ message }) => message)).toEqual(["EIO: i/o error"]);
    await expect.poll(spoolFiles).toBe(0);
  });
});

describe("RingFile", () => {
  it("returns what was written, round after round, within its capacity", async () => {
    const file = new RingFile(1000);
    onTestFinished(() => file.close());
    let [written, read] = [0, 0];
    while (read < 10_000) {
      if (file.room > 0 && file.size < 700) {
        const block = Buffer.from(Array.from({ length: Math.min(file.room, 130) }, () => written++ & 255));
        await file.write([block.subarray(0, 50), block.subarray(50)]);
      } else {
        for (const byte of await file.read(170)) expect(byte).toBe(read++ & 255);
      }
    }
  });
});
