/** Data that streams through `fromWsgi(toWsgi(app))` does not pile up anywhere. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MIB = 2 ** 20;

it("REV-23: 1 GiB streams through fromWsgi(toWsgi(app)) within 64 MiB", () => {
  const program = fileURLToPath(new URL("stream-gigabyte.mjs", import.meta.url));
  const { bytes, before, peak } = JSON.parse(
    execFileSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 }),
  ) as Record<"bytes" | "before" | "peak", number>;
  expect(bytes).toBe(1024 * MIB);
  expect((peak - before) / MIB).toBeLessThan(64);
}, 60_000);
