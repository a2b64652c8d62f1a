/** A thread that kills this Node process if Python has ended and the event loop is stuck. Knows process ids; knows no lane. */
import { isMainThread, Worker, workerData } from "node:worker_threads";

const CHECK_INTERVAL_MS = 1_000;
/** How long the process may take to exit by itself, which it does as soon as its event loop runs. */
const GRACE_MS = 5_000;

/** Starts the thread. It does not keep the process alive. */
export function guardProcess(): void {
  const guard = new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: [] });
  guard.on("error", (error) =>
    process.stderr.write(`wsgi-bridge: the thread that guards this process failed: ${error.message}\n`),
  );
  guard.unref();
}

if (!isMainThread) {
  const parent: unknown = workerData;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE_MS);
  }, CHECK_INTERVAL_MS);
}
