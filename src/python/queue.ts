/** The requests that wait for a lane. Knows their order and how long they may wait; knows no lane's whereabouts. */
import { type BridgeError, QueueFullError } from "../errors.ts";
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import { Deadlines, type Timed } from "./deadlines.ts";
import type { PythonAppSettings } from "./settings.ts";
import type { Worker } from "./worker.ts";

/** A request in want of a lane: exactly one of `start` and `refuse` is called, unless its time in the queue is over first. */
export interface LaneJob extends Timed {
  start(lane: FastcgiConnection, worker: Worker): void;
  refuse(reason: BridgeError): void;
}

export class LaneQueue {
  readonly #most: number;
  readonly #jobs: Set<LaneJob> = new Set();
  readonly #deadlines: Deadlines;

  constructor({ queueLength, queueTimeout }: PythonAppSettings) {
    this.#most = queueLength;
    this.#deadlines = new Deadlines(queueTimeout);
  }

  get length(): number {
    return this.#jobs.size;
  }

  /** The job waits from now on, or is refused. */
  add(job: LaneJob): void {
    if (this.#jobs.size >= this.#most) {
      job.refuse(new QueueFullError(`${this.#most} requests wait for a Python thread; raise processes or threads`));
    } else {
      this.#jobs.add(job);
      this.#deadlines.add(job);
    }
  }

  /** @returns false for a job that does not wait */
  delete(job: LaneJob): boolean {
    this.#deadlines.delete(job);
    return this.#jobs.delete(job);
  }

  /** Starts jobs in the order in which they came, for as long as that succeeds. */
  startAll(start: (job: LaneJob) => boolean): void {
    for (const job of this.#jobs) {
      if (!start(job)) return;
      this.delete(job);
    }
  }

  refuseAll(reason: BridgeError): void {
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    this.#deadlines.clear();
    for (const job of jobs) job.refuse(reason);
  }
}
