/** Measures the memory of the Python processes that is really in use: shared pages are divided among those that share them. */
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { usage } from "../cpu.mjs";
import { checkedStack } from "../stack.mjs";

/** @type {import("./index.mjs").Measure} */
export const memory = {
  figures: ["pss", "processes"],

  begin: async (ordered) => ordered, // each round starts the servers itself: those of other rows would share libraries

  warmUp: async () => {},

  async once(ordered, host) {
    const { url, pids, stop } = await checkedStack(ordered, host);
    try {
      const { exchange } = ordered.row.group;
      const job = {
        url: new URL(exchange.path, url).href,
        exchange,
        seconds: host.seconds,
        connections: host.connections,
      };
      const { faults } = await host.load.run(job);
      if (faults.length > 0) throw new Error(faults.map(([what, count]) => `${count} ${what}`).join(", "));
      const python = usage(pids)?.pids.filter(isPython);
      return { pss: python && sum(python.map(proportionalSetSize)), processes: python?.length };
    } finally {
      await stop();
    }
  },

  end: async () => {},
};

function isPython(pid) {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith("python");
  } catch {
    return false; // the system has no /proc
  }
}

/** @returns {number | undefined} bytes; undefined if the system does not report it */
function proportionalSetSize(pid) {
  const kibibytes = /^Pss:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
  return kibibytes && Number(kibibytes) * 1024;
}

/** @returns {number | undefined} undefined if there is nothing to add up, or a part is missing */
function sum(values) {
  return values.length === 0 || values.includes(undefined)
    ? undefined
    : values.reduce((total, value) => total + value, 0);
}
