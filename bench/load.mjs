/** Controls the load generator. Knows jobs and results; the HTTP is in load-process.mjs. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const NAME = "the load generator";
const SCRIPT = fileURLToPath(new URL("load-process.mjs", import.meta.url));
/** Added to the time of the round. The generator times out a request after 10 s. */
const GRACE_MS = 15_000;

/** One process for all rounds, so that it is warmed up when counting begins. */
export class Load {
  #child;
  #children;

  /** @param {import("./processes.mjs").Children} children */
  constructor(children) {
    this.#children = children;
    this.#child = children.fork(NAME, SCRIPT);
  }

  /**
   * Keeps `connections` requests in flight for `seconds`.
   *
   * @param {{ url: string, exchange: import("./table/groups.mjs").Exchange, connections: number, seconds: number }} job
   * @returns {Promise<{ requests: number, rps: number, p50: number, p99: number, faults: [string, number][], loadCpu: number }>}
   *   latencies in milliseconds; `loadCpu` is the generator's own CPU time per request, in microseconds
   */
  async run(job) {
    this.#child.send(job);
    const limit = { ms: job.seconds * 1000 + GRACE_MS, late: `${NAME} did not return from ${job.url}` };
    const [result] = await this.#children.wait(once(this.#child, "message"), limit);
    return result;
  }
}
