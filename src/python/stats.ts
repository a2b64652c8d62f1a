/** What `stats()` tells. Knows the shape and where memory is looked up; knows no pool. */
import { readFileSync } from "node:fs";
import type { Quantiles } from "./telemetry.ts";
import type { Worker } from "./worker.ts";

/** One CPython process. */
export interface PythonProcessStats {
  readonly pid: number | undefined;
  /**
   * `starting`: loads the application. `ready`: takes requests. `suspect`: has lost a lane. `draining`: ends the requests
   * that it has. `leaving`: is to end by itself, or is made to. `exited`: has ended.
   */
  readonly state: "starting" | "ready" | "suspect" | "draining" | "exiting" | "exited";
  /** Milliseconds since it was started. */
  readonly age: number;
  /** How many requests it was given. */
  readonly requests: number;
  /** How many of them are under way. */
  readonly inFlight: number;
  /** Resident memory in bytes; undefined where the system has no /proc to tell. */
  readonly memory: number | undefined;
  /** How many processes had its place before it. */
  readonly restarts: number;
}

/** A Python app seen from inside, now. */
export interface PythonAppStats {
  readonly processes: readonly PythonProcessStats[];
  readonly queue: {
    /** How many requests wait for a thread. */
    readonly length: number;
    /** How long requests waited, those that need not wait with them. */
    readonly waits: Quantiles;
  };
  /** How long Python took, from the moment at which it was given a request to its end. */
  readonly latency: Quantiles;
}

export function processStats({ pid, state, bornAt, requests, busyLanes, restarts }: Worker): PythonProcessStats {
  const age = performance.now() - bornAt;
  return { pid, state, age, requests, inFlight: busyLanes, memory: residentMemory(pid), restarts };
}

function residentMemory(pid: number | undefined): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined; // no such system, or no such process any more
  }
}
