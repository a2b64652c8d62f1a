/** The states of a worker process, and the events that its generation receives. Only types. */
import type { StartError } from "../errors.ts";

/** The events of a worker process. */
export interface WorkerEvents<Worker> {
  /** The process runs, and its id is known. */
  started(worker: Worker): void;
  /** The application is loaded. */
  ready(worker: Worker): void;
  /** A request has ended, or the process may take requests again after a quarantine. */
  idle(worker: Worker): void;
  /** The process has served `maxRequests` requests. It keeps serving until its successor is ready. */
  maxRequestsReached(worker: Worker): void;
  /** The process must be replaced now and gets no more requests. In the log, `reason` follows "Python process 1". */
  unhealthy(worker: Worker, reason: string): void;
  /** A thread does not end its request after an interrupt. Other threads of the process can run. */
  threadStuck(worker: Worker): void;
  /** A stuck thread has ended its request and serves again. */
  threadFreed(worker: Worker): void;
  /** Some requests did not end while the process was draining. They are aborted. */
  drainTimedOut(worker: Worker): void;
  /** The process has exited. Called once, as the last event. `failure` is set if the process never became ready. */
  exited(worker: Worker, how: string, failure: StartError | undefined): void;
}

/**
 *     starting ──loaded──▶ ready ──drain()──▶ draining ──idle, or timeout──▶ exiting ──▶ exited
 *     starting ──failed, timeout, or drain()──▶ exiting        any state ──process exits──▶ exiting ──▶ exited
 *     ready ──a lane is lost──▶ suspect ──the process still runs──▶ draining
 */
export type WorkerState = "starting" | "ready" | "suspect" | "draining" | "exiting" | "exited";
