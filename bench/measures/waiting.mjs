/** Measures the CPU of all processes of a row while requests wait. A server that does not poll uses none. */
import { setTimeout as after } from "node:timers/promises";
import { askAndCheck } from "../client.mjs";
import { exactCpu } from "../cpu.mjs";
import { checkedStack } from "../stack.mjs";
import { SLEEP_MS } from "../table/groups.mjs";

/** The time that all requests need to reach the point where they wait. */
const SETTLE_MS = 500;
/** The length of the measurement, which ends well before the first response. */
const WINDOW_MS = 1_000;

/** @type {import("./index.mjs").Measure} */
export const waiting = {
  figures: ["idleCpu"],

  begin: checkedStack, // its request is enough of a warm-up

  warmUp: async () => {},

  /** @throws if a response arrives within the window, because then the requests did not wait */
  async once({ row, url, pids }, { connections }) {
    const { exchange } = row.group;
    let answered = 0;
    const requests = Array.from({ length: connections }, async () => {
      await askAndCheck(url, exchange, SLEEP_MS * connections);
      answered += 1;
    });
    const all = Promise.all(requests);
    all.catch(() => {}); // a request may fail after this round has failed
    const before = await Promise.race([after(SETTLE_MS).then(() => exactCpu(pids)), all]);
    await Promise.race([after(WINDOW_MS), all]);
    const later = exactCpu(pids);
    if (answered > 0) throw new Error(`${answered} responses arrived while the requests should have waited`);
    await all;
    return { idleCpu: later && ((later - before) / WINDOW_MS) * 1000 };
  },

  end: ({ stop }) => stop(),
};
