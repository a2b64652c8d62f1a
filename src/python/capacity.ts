/** Says in the log how many requests an app serves at the same time. Knows two numbers; knows no process. */
import type { PythonAppSettings } from "./settings.ts";

export interface Capacity {
  readonly processes: number;
  readonly threads: number;
}

/** Returns, for example, "2 processes of 4 threads". */
export function capacity({ processes, threads }: Capacity): string {
  return `${count(processes, "process", "processes")} of ${count(threads, "thread", "threads")}`;
}

/** Returns the line for an app whose number of processes was not chosen. */
export function capacityAdvice(target: string, numbers: Capacity): string {
  const advice = "raise threads for work that waits, processes for CPU-bound work if the app keeps no state in memory";
  return `${target}: ${capacity(numbers)}; ${advice}`;
}

/** The apps whose green threads were announced. */
const announced: WeakSet<PythonAppSettings> = new WeakSet();

/** Logs, once for an app, that gevent or eventlet has patched it. People expect a thousand requests at a time from these. */
export function announceGreenThreads(settings: PythonAppSettings, library: string): void {
  if (announced.has(settings)) return;
  announced.add(settings);
  const { target, threads, logger } = settings;
  logger.info(
    `${target}: requests run in green threads, because ${library} has patched the app; each process serves ${threads} at a time, and threads may be raised to 10000`,
  );
}

const count = (number: number, one: string, more: string): string => `${number} ${number === 1 ? one : more}`;
