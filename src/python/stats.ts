/** The result of `stats()`. Knows its shape, and where the system reports memory; knows no pool. */
import { readFileSync } from "node:fs";
import type { Quantiles } from "./telemetry.ts";
import type { Worker } from "./worker.ts";

/** The state of one CPython process. */
export interface PythonProcessStats {
  readonly pid: number | undefined;
  /**
   * - `starting`: loads the application
   * - `ready`: takes requests
   * - `suspect`: has lost a connection to Node, and may be about to exit
   * - `draining`: takes no more requests and finishes the running ones
   * - `exiting`: shuts down, or is being terminated
   * - `exited`: has ended
   */
  readonly state: "starting" | "ready" | "suspect" | "draining" | "exiting" | "exited";
  /** Milliseconds since the process was started. */
  readonly age: number;
  /** How many requests the process has received. */
  readonly requests: number;
  /** How many of these requests are running. */
  readonly inFlight: number;
  /** How many threads did not end their request after `requestTimeout` or `streamTimeout`. They are counted in `inFlight`. */
  readonly stuck: number;
  /** Resident memory in bytes; undefined on systems without /proc. */
  readonly memory: number | undefined;
  /** How many processes ran in the place of this one before it. */
  readonly restarts: number;
}

/** The current state of a Python app. */
export interface PythonAppStats {
  readonly processes: readonly PythonProcessStats[];
  readonly queue: {
    /** How many requests wait for a thread. */
    readonly length: number;
    /** How long requests waited for a thread, including those that did not have to wait. */
    readonly waits: Quantiles;
  };
  /** How long requests took in Python, from the moment Python received them to their end. */
  readonly latency: Quantiles;
}

export function processStats(worker: Worker): PythonProcessStats {
  const { pid, state, requests, busyLanes: inFlight, restarts } = worker;
  const { stuck } = worker.interrupts;
  const age = performance.now() - worker.startedAt;
  return { pid, state, age, requests, inFlight, stuck, memory: residentMemory(pid), restarts };
}

function residentMemory(pid: number | undefined): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined; // the system has no /proc, or the process has exited
  }
}
