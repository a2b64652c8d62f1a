/** Measures a row under load: requests per second, latencies, CPU and memory. */
import { usage } from "../cpu.mjs";
import { checkedStack } from "../stack.mjs";

/** How many times longer than a round the warm-up takes, so that hot code is compiled. */
const WARM_UP = 2;

/** @type {import("./index.mjs").Measure} */
export const load = {
  figures: ["rps", "p50", "p99", "cpu", "rss", "processes", "loadCpu"],

  begin: checkedStack,

  async warmUp({ row, url }, { load: generator, seconds, connections }) {
    const { exchange, warmUp = exchange } = row.group;
    const job = { url: new URL(warmUp.path, url).href, exchange: warmUp, seconds: seconds * WARM_UP, connections };
    check(await generator.run(job));
  },

  async once({ row, url, pids }, { load: generator, seconds, connections }) {
    const { exchange } = row.group;
    const before = usage(pids);
    const job = { url: new URL(exchange.path, url).href, exchange, seconds, connections };
    const result = check(await generator.run(job));
    const after = usage(pids);
    if (before?.pids.join() !== after?.pids.join()) throw new Error("processes of the row were replaced");
    const cpu = after && (after.cpu - before.cpu) / result.requests;
    return { ...result, cpu, rss: after?.rss, processes: after?.pids.length };
  },

  end: ({ stop }) => stop(),
};

/** @throws on any failure, because a figure that counts failed requests is meaningless */
function check({ faults, ...result }) {
  if (result.requests === 0) faults.push(["no responses", 1]);
  if (faults.length === 0) return result;
  throw new Error(faults.map(([what, count]) => `${count} ${what}`).join(", "));
}
