/** The signals that stop the program. Knows first and second ones; knows nothing of what they stop. */
import { constants } from "node:os";

const STOPPING = ["SIGINT", "SIGTERM"] as const;
/** What a shell adds to the number of the signal that a program has died of. */
export const SIGNAL_BASE = 128;
/** npm and npx hand on a Ctrl-C that has reached this process already: the same signal so soon is no second one. */
const REPETITION_MS = 300;

/** Resolves with the first signal that asks for the end. A second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: NodeJS.Signals | undefined;
    let firstAt = 0;
    const received = (signal: NodeJS.Signals): void => {
      if (first === undefined) {
        first = signal;
        firstAt = performance.now();
        resolve(signal);
      } else if (signal !== first || performance.now() - firstAt > REPETITION_MS) {
        process.exit(SIGNAL_BASE + constants.signals[signal]);
      }
    };
    for (const signal of STOPPING) process.on(signal, received);
  });
}
