/** A Python process that dies: how long until the next request is answered, where there was no other process. */
import { setTimeout as after } from "node:timers/promises";
import { ask, askRightly } from "../client.mjs";
import { checkedStack, START_MS } from "../stack.mjs";

/** A process that dies soon after its start may be part of a crash loop, and some servers then wait. This one is old. */
const AGE_MS = 10_500;
/** Between two tries of a client whose request was lost. */
const RETRY_MS = 5;

/** @type {import("./index.mjs").Measure} */
export const recovery = {
  figures: ["nextAnswer", "lostRequests"],

  begin: async (ordered, host) => ({ ...(await checkedStack(ordered, host)), bornAt: performance.now() }),

  warmUp: async () => {}, // what is to start has started once

  async once(begun) {
    const { exchange } = begun.row.group;
    await after(Math.max(0, begun.bornAt + AGE_MS - performance.now()));
    const victim = await askRightly(begun.url, exchange, START_MS);
    const began = performance.now();
    process.kill(Number(victim), "SIGKILL");
    const lostRequests = await lostBeforeAnswer(new URL(exchange.path, begun.url), { exchange, victim });
    begun.bornAt = performance.now();
    return { nextAnswer: begun.bornAt - began, lostRequests };
  },

  end: ({ stop }) => stop(),
};

/** Asks, one request at a time, until a process that is not the victim answers. @returns how many were asked in vain */
async function lostBeforeAnswer(url, { exchange, victim }) {
  const deadline = performance.now() + START_MS;
  for (let lost = 0; performance.now() < deadline; lost += 1) {
    try {
      const { status, text } = await ask(url, { ...exchange, ms: START_MS });
      if (status === 200 && text !== victim) return lost;
    } catch (error) {
      if (error.name === "TimeoutError") throw error;
    }
    await after(RETRY_MS);
  }
  throw new Error("it did not come back");
}
