/** The load generator, in its own process so that its CPU time is not counted with the servers'. Runs one job per message. */
import autocannon from "autocannon";

process.on("SIGINT", () => {}); // the bench stops this process; the channel closes when the bench exits
process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  process.send(await run(job));
});

/** @param {{ url: string, exchange: import("./table/groups.mjs").Exchange, connections: number, seconds: number }} job */
async function run({ url, exchange, connections, seconds }) {
  const { method, headers, body, expect } = exchange;
  const latencies = []; // autocannon's histogram has only whole milliseconds
  const load = { url, method, headers, body, connections, duration: seconds };
  const cpu = process.cpuUsage();
  const start = performance.now();
  // autocannon checks the time once per sample, so samples of a second could make a round a second longer.
  const running = autocannon({ ...load, expectBody: expect, sampleInt: 100 });
  running.on("response", (_client, _status, _bytes, ms) => latencies.push(ms));
  const result = await running;
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  return {
    requests: result["2xx"],
    rps: result["2xx"] / elapsed,
    p50: latencies[Math.floor(latencies.length * 0.5)],
    p99: latencies[Math.floor(latencies.length * 0.99)],
    faults: faults(result, connections),
    loadCpu: (user + system) / result["2xx"],
  };
}

/** Returns the failures by name. autocannon silently reopens closed connections, so lost requests are counted here. */
function faults({ errors, non2xx, mismatches, requests }, connections) {
  const lost = Math.max(0, requests.sent - requests.total - connections); // each may have one in flight at the end
  return Object.entries({ errors, non2xx, mismatches, lost }).filter(([, count]) => count > 0);
}
