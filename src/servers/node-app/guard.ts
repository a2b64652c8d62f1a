/** A thread that ends a Node process whose event loop is stuck when Python has ended. Knows process ids; knows no lane. */
import { isMainThread, Worker, workerData } from "node:worker_threads";

const LOOK_MS = 1_000;
/** How long the process may take to end by itself, which it does as soon as its event loop turns. */
const GRACE_MS = 5_000;

/** Starts the thread. It does not keep the process alive. */
export function guardProcess(): void {
  const guard = new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: [] });
  guard.on("error", (error) => process.stderr.write(`wsgi-bridge: no thread guards this process: ${error.message}\n`));
  guard.unref();
}

if (!isMainThread) {
  const parent: unknown = workerData;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE_MS);
  }, LOOK_MS);
}
