import { fstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryBudget } from "../../src/node/memory-budget.ts";
import { type SpooledBody, type SpoolLimits, spool } from "../../src/node/spool.ts";
import { BodyInput, bytesInput } from "../../src/wsgi/input.ts";
import { hostPython } from "../support/python.ts";
import { raw } from "../support/server.ts";

/** A new folder for temporary files, so that every file in it belongs to this test. */
let folder: string;
const before = process.env.TMPDIR;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-test-"));
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true });
});

/** The open descriptors of files in that folder, from Linux's /proc; macOS has no equivalent. */
function spoolFiles(): { mode: number; link: string; links: number }[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`);
      if (!link.startsWith(folder)) return [];
      const { mode, nlink } = fstatSync(Number(fd));
      return [{ mode: mode & 0o777, link, links: nlink }];
    } catch {
      return []; // the descriptor of /proc/self/fd itself
    }
  });
}

async function contents(body: SpooledBody): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const block of body.blocks()) blocks.push(block);
  return Buffer.concat(blocks);
}

const ALL = Number.POSITIVE_INFINITY;
const LIMITS: SpoolLimits = { threshold: 1024 * 1024, maxSize: ALL, memory: new MemoryBudget(ALL) };
const large = Buffer.alloc(LIMITS.threshold + 1, "spool");

describe.runIf(process.platform === "linux")("SEC-18: the file of a large body", () => {
  it("can be read by its user only, has no name, and is closed with the body", async () => {
    const umask = process.umask(0); // the mode must not depend on the umask
    try {
      const body = await spool(bytesInput(large), LIMITS);
      expect(readdirSync(folder)).toEqual([]);
      expect(spoolFiles()).toEqual([{ mode: 0o600, links: 0, link: expect.stringContaining("(deleted)") }]);
      expect((await contents(body)).equals(large)).toBe(true);
      body.close();
    } finally {
      process.umask(umask);
    }
    await expect.poll(spoolFiles).toEqual([]);
  });

  it("is closed when the body ends early", async () => {
    let sent = 0;
    const breaking = new BodyInput({
      next: async () => {
        sent += 1;
        if (sent > 40) {
          expect(spoolFiles()).toHaveLength(1);
          throw new Error("the client has left");
        }
        return Buffer.alloc(64 * 1024);
      },
    });
    await expect(spool(breaking, LIMITS)).rejects.toThrow("the client has left");
    expect(spoolFiles()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is closed when a Python app has responded", async () => {
    const { port } = await hostPython("probe:application");
    const head = `POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: ${large.length}\r\n\r\n`;
    const { body } = await raw(port, head + large.toString("latin1"));
    expect(body).toHaveLength(large.length);
    await expect.poll(spoolFiles).toEqual([]);
  });
});

it("SEC-18: a body of up to 1 MiB is never written to a file", async () => {
  const body = await spool(bytesInput(large.subarray(1)), LIMITS);
  expect(body.size).toBe(LIMITS.threshold);
  expect(readdirSync(folder)).toEqual([]);
  expect(Array.isArray(body.blocks())).toBe(true);
});
