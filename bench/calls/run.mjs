/**
 * Compares `toWsgi(handler)`, called in memory, with light-my-request's `inject` on the same handler:
 * `npm run bench`, or `node bench/calls/run.mjs [rounds] [seconds]` after a build.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "../summary.mjs";
import { HANDLERS } from "./handlers.mjs";

const PROCESS = fileURLToPath(new URL("process.mjs", import.meta.url));
/** The target for the bare handler: the largest share of the CPU of `inject`. */
const AT_MOST = 0.6;

/** @param {{ rounds: number, seconds: number, progress: (text: string) => void }} how @returns {string} a table */
export function benchCalls({ rounds, seconds, progress }) {
  const lines = ["In memory, streamed: CPU µs per call (median of rounds), and the ratio within each round", ""];
  for (const handler of Object.keys(HANDLERS)) {
    for (const method of ["GET", "POST"]) {
      progress(`in memory: ${handler} ${method}`);
      lines.push(line({ handler, method }, measure({ handler, method, rounds, seconds })));
    }
  }
  return lines.join("\n");
}

/** Runs both callers in every round, in alternating order, so that other load on the machine affects both. */
function measure({ handler, method, rounds, seconds }) {
  const costs = { toWsgi: [], inject: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ["toWsgi", "inject"] : ["inject", "toWsgi"];
    for (const caller of order) {
      const output = execFileSync(process.execPath, [PROCESS, handler, method, caller, String(seconds)], {
        encoding: "utf8",
      });
      costs[caller].push(JSON.parse(output).cpu);
    }
  }
  return costs;
}

function line({ handler, method }, { toWsgi, inject }) {
  const ratios = toWsgi.map((cost, round) => cost / inject[round]);
  const ratio = median(ratios);
  const verdict = handler === "bare" ? `; target: at most ${AT_MOST}: ${ratio <= AT_MOST ? "met" : "MISSED"}` : "";
  const range = `rounds ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const name = `${handler} ${method}`.padEnd(14);
  return `${name}toWsgi ${median(toWsgi).toFixed(1)}, inject ${median(inject).toFixed(1)}: ${ratio.toFixed(2)} (${range})${verdict}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = 5, seconds = 1] = process.argv.slice(2).map(Number);
  console.log(benchCalls({ rounds, seconds, progress: (text) => console.error(text) }));
}
