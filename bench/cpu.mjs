/** CPU time and memory of processes and their descendants, from /proc on Linux and from ps elsewhere. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** @typedef {{ ppid: number, cpu: number, rss: number }} Usage microseconds of CPU, bytes resident */

/**
 * Returns the sum over these processes and their descendants.
 *
 * @param {number[]} roots
 * @returns {{ pids: number[], cpu: number, rss: number } | undefined} undefined if it cannot be measured here
 */
export function usage(roots) {
  const all = allProcesses();
  if (all === undefined) return undefined;
  const pids = withDescendants(roots, all);
  const sum = (figure) => pids.reduce((total, pid) => total + all.get(pid)[figure], 0);
  return { pids, cpu: sum("cpu"), rss: sum("rss") };
}

/**
 * Returns the CPU time of the same processes with the precision of nanoseconds, for work shorter than a clock tick.
 * Counts only threads that are still alive.
 *
 * @param {number[]} roots
 * @returns {number | undefined} microseconds; undefined if the system does not report them
 */
export function exactCpu(roots) {
  try {
    const nanoseconds = usage(roots).pids.flatMap(threadTimes);
    return nanoseconds.reduce((total, each) => total + each, 0) / 1000;
  } catch {
    return undefined;
  }
}

/** Returns the CPU times of the threads: the first number of each schedstat, in nanoseconds. */
function threadTimes(pid) {
  const tasks = `/proc/${pid}/task`;
  const times = readdirSync(tasks).map((thread) => readFileSync(`${tasks}/${thread}/schedstat`, "latin1"));
  return times.map((line) => Number(line.split(" ")[0]));
}

function withDescendants(roots, all) {
  const found = new Set(roots.filter((pid) => all.has(pid)));
  for (const parent of found) {
    for (const [pid, { ppid }] of all) if (ppid === parent) found.add(pid); // the loop also visits what is added here
  }
  return [...found].sort((a, b) => a - b);
}

/** @returns {Map<number, Usage> | undefined} */
function allProcesses() {
  try {
    if (process.platform === "linux") return fromProc(kernelUnits());
    return parsePs(execFileSync("ps", ["-A", "-o", "pid=,ppid=,time=,rss="], { encoding: "utf8" }));
  } catch {
    return undefined; // the command is missing
  }
}

let units;
/** Returns the kernel's clock tick in microseconds and its page size in bytes. */
function kernelUnits() {
  const getconf = (name) => Number(execFileSync("getconf", [name], { encoding: "utf8" }));
  units ??= { tick: 1e6 / getconf("CLK_TCK"), page: getconf("PAGESIZE") };
  return units;
}

function fromProc(kernel) {
  const all = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      all.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, "latin1"), kernel));
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ESRCH") throw error; // the process has exited since the folder was read
    }
  }
  return all;
}

/**
 * Parses /proc/PID/stat. The name is in parentheses and may contain spaces and parentheses, so fields are counted after it.
 * The CPU time includes that of reaped children, so the sum does not shrink when a child exits.
 *
 *     parseStat("7 (a b) S 1 7 7 0 -1 0 0 0 0 0 30 12 5 1 20 0 4 0 100 9000 25", { tick: 10_000, page: 4096 })
 *       → { ppid: 1, cpu: 480_000, rss: 102_400 }
 */
export function parseStat(line, { tick, page }) {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return { ppid: Number(fields[1]), cpu: (utime + stime + cutime + cstime) * tick, rss: Number(fields[21]) * page };
}

/**
 * Parses the output of `ps -o pid=,ppid=,time=,rss=`. The time is `[[days-]hours:]minutes:seconds[.hundredths]`, the
 * memory is in KiB.
 *
 *     parsePs("  7  1   0:01.50  100") → Map { 7 → { ppid: 1, cpu: 1_500_000, rss: 102_400 } }
 */
export function parsePs(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return new Map(
    lines.map((line) => {
      const [pid, ppid, time, rss] = line.trim().split(/\s+/);
      return [Number(pid), { ppid: Number(ppid), cpu: seconds(time) * 1e6, rss: Number(rss) * 1024 }];
    }),
  );
}

function seconds(time) {
  const [clock, days = "0"] = time.split("-").reverse();
  return clock.split(":").reduce((total, part) => total * 60 + Number(part), 0) + Number(days) * 86_400;
}
