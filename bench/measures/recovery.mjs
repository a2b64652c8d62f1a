/** Measures how long it takes until a request is answered after the only Python process is killed. */
import { setTimeout as after } from "node:timers/promises";
import { ask, askAndCheck } from "../client.mjs";
import { checkedStack, START_MS } from "../stack.mjs";

/** The age of the process when it is killed. Some servers back off if a process dies soon after its start. */
const AGE_MS = 10_500;
/** The time between two attempts of the client. */
const RETRY_MS = 5;

/** @type {import("./index.mjs").Measure} */
export const recovery = {
  figures: ["nextAnswer", "lostRequests"],

  begin: async (ordered, host) => ({ ...(await checkedStack(ordered, host)), bornAt: performance.now() }),

  warmUp: async () => {}, // the check of the stack has warmed it up

  async once(begun) {
    const { exchange } = begun.row.group;
    await after(Math.max(0, begun.bornAt + AGE_MS - performance.now()));
    const victim = await askAndCheck(begun.url, exchange, START_MS);
    const began = performance.now();
    process.kill(Number(victim), "SIGKILL");
    const lostRequests = await lostBeforeAnswer(new URL(exchange.path, begun.url), { exchange, victim });
    begun.bornAt = performance.now();
    return { nextAnswer: begun.bornAt - began, lostRequests };
  },

  end: ({ stop }) => stop(),
};

/** Sends one request at a time until another process than the victim responds. @returns the number of failed requests */
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
  throw new Error("no other process responded in time");
}
