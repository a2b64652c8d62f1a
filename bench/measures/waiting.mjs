/** While requests wait: the CPU of all processes of a row, which a server without polling does not use. */
import { setTimeout as after } from "node:timers/promises";
import { askRightly } from "../client.mjs";
import { exactCpu } from "../cpu.mjs";
import { checkedStack } from "../stack.mjs";
import { SLEEP_MS } from "../table/groups.mjs";

/** After all requests are sent, until every one of them has come to where it waits. */
const SETTLE_MS = 500;
/** Ends well before the first answer can come. */
const WINDOW_MS = 1_000;

/** @type {import("./index.mjs").Measure} */
export const waiting = {
  figures: ["idleCpu"],

  begin: checkedStack, // its one request has warmed up what waiting needs

  warmUp: async () => {},

  /** @throws when an answer came within the window: then it was not waiting that was measured */
  async once({ row, url, pids }, { connections }) {
    const { exchange } = row.group;
    let answered = 0;
    const requests = Array.from({ length: connections }, async () => {
      await askRightly(url, exchange, SLEEP_MS * connections);
      answered += 1;
    });
    const all = Promise.all(requests);
    all.catch(() => {}); // it may fail after this round has
    const before = await Promise.race([after(SETTLE_MS).then(() => exactCpu(pids)), all]);
    await Promise.race([after(WINDOW_MS), all]);
    const later = exactCpu(pids);
    if (answered > 0) throw new Error(`${answered} answers came while the requests should have waited`);
    await all;
    return { idleCpu: later && ((later - before) / WINDOW_MS) * 1000 };
  },

  end: ({ stop }) => stop(),
};
