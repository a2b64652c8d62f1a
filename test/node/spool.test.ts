import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ClientDisconnectError } from "../../src/errors.ts";
import { MemoryBudget } from "../../src/node/memory-budget.ts";
import { type SpooledBody, type SpoolLimits, spool } from "../../src/node/spool.ts";
import { inputOf } from "../support/source.ts";

/** Every file that was opened, and the error with which the next `unlink` fails. */
const files = vi.hoisted((): { opened: FileHandle[]; unlinkFailure: Error | undefined } => ({
  opened: [],
  unlinkFailure: undefined,
}));
vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...original,
    open: async (...args: Parameters<typeof original.open>) => {
      const handle = await original.open(...args);
      files.opened.push(handle);
      return handle;
    },
    unlink: async (path: string) => {
      await original.unlink(path);
      if (files.unlinkFailure !== undefined) throw files.unlinkFailure;
    },
  };
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-test-"));
  vi.stubEnv("TMPDIR", folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  files.opened.length = 0;
  files.unlinkFailure = undefined;
});

async function content(body: SpooledBody): Promise<string> {
  const blocks: Uint8Array[] = [];
  for await (const block of body.blocks()) blocks.push(Uint8Array.from(block));
  return Buffer.concat(blocks).toString("latin1");
}

const onlyFile = (): FileHandle => {
  expect(files.opened).toHaveLength(1);
  return files.opened[0] as FileHandle;
};

const ENOUGH = new MemoryBudget(Number.POSITIVE_INFINITY);
const EIGHT: SpoolLimits = { threshold: 8, maxSize: 250_000, memory: ENOUGH };

describe("spool", () => {
  it.each([
    ["in memory", { threshold: 8, maxSize: 4, memory: ENOUGH }],
    ["in a file", { threshold: 4, maxSize: 100_000, memory: ENOUGH }],
  ])("a body that is too large gets a 413, and releases what it holds %s", async (_where, limits) => {
    const refused = spool(inputOf("a".repeat(60_000), "b".repeat(60_000)), limits);
    await expect(refused).rejects.toMatchObject({ status: 413, code: "ERR_WSGI_BODY_TOO_LARGE" });
    for (const file of files.opened) expect((file as FileHandle).fd).toBe(-1);
  });

  it.each([
    ["nothing", [], 0],
    ["one byte less than the threshold", ["abc", "defg"], 7],
    ["the threshold", ["abcd", "efgh"], 8],
  ])("keeps a body of %s in memory", async (_title, pieces, size) => {
    const body = await spool(inputOf(...pieces), EIGHT);
    expect(body.size).toBe(size);
    expect(await content(body)).toBe(pieces.join(""));
    expect(files.opened).toEqual([]);
    body.close();
  });

  it("writes a larger body to a file, and can read it more than once", async () => {
    const pieces = Array.from({ length: 5 }, (_, i) => String(i).repeat(50_000));
    const body = await spool(inputOf(...pieces), EIGHT);
    expect(body.size).toBe(250_000);
    expect((await content(body)) === pieces.join("")).toBe(true);
    expect((await content(body)) === pieces.join("")).toBe(true); // for a retry in another process
    expect((await onlyFile().stat()).size).toBe(250_000);
    body.close();
  });

  it("SEC-18: the file has no name, and no other user can read it", async () => {
    const mask = process.umask(0);
    try {
      const body = await spool(inputOf("a".repeat(9)), EIGHT);
      const { mode, nlink } = await onlyFile().stat();
      expect(mode & 0o777).toBe(0o600);
      expect(nlink).toBe(0);
      expect(readdirSync(folder)).toEqual([]);
      body.close();
    } finally {
      process.umask(mask);
    }
  });

  it("SEC-18: close() closes the file", async () => {
    const body = await spool(inputOf("a".repeat(9)), EIGHT);
    const file = onlyFile();
    const closed = once(file as FileHandle & NodeJS.EventEmitter, "close");
    body.close();
    await closed;
    expect(file.fd).toBe(-1);
  });

  it("INP-09: a body that ends early while it is in memory is an error", async () => {
    const gone = new ClientDisconnectError("gone");
    await expect(spool(inputOf("abc", gone), EIGHT)).rejects.toBe(gone);
    expect(files.opened).toEqual([]);
  });

  it("SEC-18: a body that ends early while it is in a file is an error, and the file is closed", async () => {
    const gone = new ClientDisconnectError("gone");
    await expect(spool(inputOf("a".repeat(100_000), "b".repeat(100_000), gone), EIGHT)).rejects.toBe(gone);
    expect(onlyFile().fd).toBe(-1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("SEC-18: a file that cannot be unlinked is closed", async () => {
    files.unlinkFailure = new Error("no permission");
    await expect(spool(inputOf("a".repeat(9)), EIGHT)).rejects.toMatchObject({
      code: "ERR_WSGI_SPOOL",
      cause: files.unlinkFailure,
    });
    expect(onlyFile().fd).toBe(-1);
  });
});

describe("ISO-08: the memory of all bodies together", () => {
  const limits = (bytes: number): SpoolLimits => ({ threshold: 8, maxSize: 250_000, memory: new MemoryBudget(bytes) });

  it("is limited: a body that does not fit goes to a file from its first byte, unchanged", async () => {
    const shared = limits(10);
    const first = await spool(inputOf("abcdefgh"), shared);
    expect(files.opened).toHaveLength(0);
    const second = await spool(inputOf("ijk", "lmn"), shared);
    expect(files.opened).toHaveLength(1);
    expect([await content(first), await content(second)]).toEqual(["abcdefgh", "ijklmn"]);
    first.close();
    second.close();
  });

  it.each([
    [
      "closed, even twice",
      async (shared: SpoolLimits) => {
        const body = await spool(inputOf("abcdefgh"), shared);
        body.close();
        body.close();
      },
    ],
    ["moved to a file", async (shared: SpoolLimits) => (await spool(inputOf("abcdefgh", "i"), shared)).close()],
    ["too large", (shared: SpoolLimits) => spool(inputOf("abcd", "e".repeat(300_000)), shared).catch(() => undefined)],
    ["ended early", (shared: SpoolLimits) => spool(inputOf("abcd", new Error("gone")), shared).catch(() => undefined)],
    [
      "in a file that cannot be created",
      async (shared: SpoolLimits) => {
        files.unlinkFailure = new Error("no unlink");
        await spool(inputOf("abcdefgh", "i"), shared).catch(() => undefined);
        files.unlinkFailure = undefined;
      },
    ],
  ])("is released by a body that is %s", async (_title, use) => {
    const shared = limits(8);
    await use(shared);
    expect(shared.memory.reserve(8)).toBe(true);
    expect(shared.memory.reserve(1)).toBe(false);
  });
});
