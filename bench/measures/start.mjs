/** Measures the start: the time until all Python processes are ready, and the time until the first response. */
import { askAndCheck } from "../client.mjs";
import { START_MS, startStack } from "../stack.mjs";

/** @type {import("./index.mjs").Measure} */
export const start = {
  figures: ["allReady", "firstAnswer"],

  begin: async (ordered) => ordered, // each round starts the servers itself

  async once(ordered, { children }) {
    const began = performance.now();
    const { url, ready, stop } = await startStack(ordered, children);
    const since = () => performance.now() - began;
    const answer = askAndCheck(url, ordered.row.group.exchange, START_MS);
    try {
      const [allReady, firstAnswer] = await Promise.all([ready.then(since), answer.then(since)]);
      return { allReady, firstAnswer };
    } finally {
      await stop();
    }
  },

  end: async () => {},
};
