/** The signals that stop the program. Knows a first and a second signal; does not know what they stop. */
import { constants } from "node:os";

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** A program that dies of a signal has the exit code 128 plus the signal's number, as in a shell. */
export const SIGNAL_BASE = 128;
/** npm and npx forward a Ctrl-C that this process has already received. The same signal within this time is a duplicate. */
const DUPLICATE_MS = 300;

/** Resolves with the first signal that stops the program. A second signal ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: NodeJS.Signals | undefined;
    let firstAt = 0;
    const received = (signal: NodeJS.Signals): void => {
      if (first === undefined) {
        first = signal;
        firstAt = performance.now();
        resolve(signal);
      } else if (signal !== first || performance.now() - firstAt > DUPLICATE_MS) {
        process.exit(SIGNAL_BASE + constants.signals[signal]);
      }
    };
    for (const signal of STOP_SIGNALS) process.on(signal, received);
  });
}
