/** Which processes there are, by what every Unix has. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The pids of a process's children. */
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

/** Ticks of CPU time that say: it is at work, and was not merely started. On Linux. */
const BUSY_TICKS = 100;

/** True for a process that has worked for a second. */
export function isBusy(pid: number): boolean {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]) > BUSY_TICKS;
}
