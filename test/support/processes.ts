/** Finds and inspects processes with the tools that every Unix has. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** Returns the pids of the children of a process. */
export function childrenOf(parent: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const rows = table.map((row) => row.trim().split(/\s+/).map(Number));
  return rows.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []));
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until the processes are gone. A process whose parent has ended stays until the system's first process has reaped it. */
export async function expectGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([]);
}

/** Linux counts CPU time in ticks. This many show that the process works and has not merely started. */
const BUSY_TICKS = 100;

/** Returns whether the process has used a second of CPU time. */
export function isBusy(pid: number): boolean {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]) > BUSY_TICKS;
}
