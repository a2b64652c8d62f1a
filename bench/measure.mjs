/** The rounds: every row in turn, in an order that changes, so that what the machine does meanwhile falls on all of them. */
import { usage } from "./cpu.mjs";

/**
 * @typedef {{ row: import("./rows.mjs").Row, url: string, pids: number[] }} Started
 * @typedef {{ rps: number, p50: number, p99: number, cpu: number | undefined, rss: number | undefined,
 *   processes: number | undefined, requests: number, loadCpu: number }} Figures
 *   `cpu` in microseconds a request, `rss` in bytes
 */

/**
 * @param {Started[]} started
 * @param {{ load: import("./load.mjs").Load, rounds: number, seconds: number, connections: number,
 *   progress: (text: string) => void }} how
 * @returns {Promise<Map<string, Figures[]>>} for each row's id its rounds
 */
export async function measure(started, { load, rounds, seconds, connections, progress }) {
  const figures = new Map(started.map(({ row }) => [row.id, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const server of rotate(started, round)) {
      const { id, name } = server.row;
      progress(`${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}: ${name}`);
      const measured = await measureOnce(server, { load, seconds, connections });
      if (round > 0) figures.get(id).push(measured); // the first warms up: imports, compilers, connections
    }
  }
  return figures;
}

/** @returns {Promise<Figures>} @throws on any fault: a figure that counts failures as work means nothing */
async function measureOnce({ row, url, pids }, { load, ...how }) {
  const before = usage(pids);
  const { faults, ...result } = await load.run({ url, exchange: row.exchange, ...how });
  const after = usage(pids);
  if (before?.pids.join() !== after?.pids.join()) faults.push(["replaced processes", 1]);
  if (result.requests === 0) faults.push(["no responses", 1]);
  if (faults.length > 0) {
    const list = faults.map(([what, count]) => `${count} ${what}`).join(", ");
    throw new Error(`${row.name}: ${list}`);
  }
  const cpu = after && (after.cpu - before.cpu) / result.requests;
  return { ...result, cpu, rss: after?.rss, processes: after?.pids.length };
}

/** rotate(["a", "b", "c"], 4) → ["b", "c", "a"] */
function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
