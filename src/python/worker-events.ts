/** What a process can be at, and what it tells its generation. Knows the shape; knows no process. */
import type { StartError } from "../errors.ts";

/** What its generation wants to know of a process. */
export interface WorkerEvents<Worker> {
  /** The application is loaded. */
  ready(worker: Worker): void;
  /** A lane can take a request, or is through with its last one. */
  idle(worker: Worker): void;
  /** It is to be replaced at leisure: it serves on until its successor is ready. */
  maxRequestsReached(worker: Worker): void;
  /** It is to be replaced now: it gets no further request. */
  unhealthy(worker: Worker, why: string): void;
  /** It was draining, and some of its requests did not end in time: they are aborted. */
  drainTimedOut(worker: Worker): void;
  /** The process is gone; `failure` if it never became ready. Comes once, last. */
  exited(worker: Worker, how: string, failure: StartError | undefined): void;
}

/**
 *     starting ──ready──▶ ready ──drain()──▶ draining ──idle, or out of time──▶ leaving ──▶ exited
 *     starting ──failed, or drain()──▶ leaving        from each: ──exit──▶ exited
 *     ready ──a lane is gone──▶ suspect ──still there──▶ draining
 */
export type WorkerState = "starting" | "ready" | "suspect" | "draining" | "exiting" | "exited";
