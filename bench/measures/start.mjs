/** A server's start: until all its Python processes are ready, and until it answers a request sent as soon as it listens. */
import { askRightly } from "../client.mjs";
import { START_MS, startStack } from "../stack.mjs";

/** @type {import("./index.mjs").Measure} */
export const start = {
  figures: ["allReady", "firstAnswer"],

  begin: async (ordered) => ordered, // the start is what each round is about

  async once(ordered, { children }) {
    const began = performance.now();
    const { url, ready, stop } = await startStack(ordered, children);
    const since = () => performance.now() - began;
    const answer = askRightly(url, ordered.row.group.exchange, START_MS);
    try {
      const [allReady, firstAnswer] = await Promise.all([ready.then(since), answer.then(since)]);
      return { allReady, firstAnswer };
    } finally {
      await stop();
    }
  },

  end: async () => {},
};
