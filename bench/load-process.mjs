/** The load generator, in a process of its own so that its CPU is not the servers'. One job at a time, by message. */
import autocannon from "autocannon";

process.on("SIGINT", () => {}); // the bench decides; when it is gone, so is the channel
process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  process.send(await run(job));
});

/** @param {{ url: string, exchange: import("./table/groups.mjs").Exchange, connections: number, seconds: number }} job */
async function run({ url, exchange, connections, seconds }) {
  const { method, headers, body, expect } = exchange;
  const latencies = []; // autocannon's histogram knows whole milliseconds only
  const load = { url, method, headers, body, connections, duration: seconds };
  const cpu = process.cpuUsage();
  const start = performance.now();
  // It looks at the clock once per sample, so a second's sample could make a round a second longer.
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

/** What went wrong, by name; autocannon opens a closed connection again and says nothing, so the requests are counted. */
function faults({ errors, non2xx, mismatches, requests }, connections) {
  const lost = Math.max(0, requests.sent - requests.total - connections); // each may have one under way at the end
  return Object.entries({ errors, non2xx, mismatches, lost }).filter(([, count]) => count > 0);
}
