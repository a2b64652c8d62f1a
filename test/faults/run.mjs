/** `npm run test:faults`: each proof in a process of its own, one after another. Exit code 1 if one of them failed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROOFS = [
  "faults.mjs",
  "isolation.mjs",
  "crashing-url.mjs",
  "slow-clients.mjs",
  "slow-readers.mjs",
  "stalled-uploads.mjs",
  "tiny-blocks.mjs",
  "gigabyte.mjs",
];

for (const proof of PROOFS) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(proof, import.meta.url))], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
