/** `npm run test:faults`: runs each test in its own process, one after another. Exit code 1 if one of them fails. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const TESTS = [
  "faults.mjs",
  "isolation.mjs",
  "crashing-url.mjs",
  "slow-clients.mjs",
  "slow-readers.mjs",
  "stalled-uploads.mjs",
  "tiny-blocks.mjs",
  "event-streams.mjs",
  "gigabyte.mjs",
];

for (const test of TESTS) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(test, import.meta.url))], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
