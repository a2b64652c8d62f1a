/** The requests that wait for a lane. Knows what is scarce and who goes first; how one waits is the job queue's business. */
import type { BridgeError } from "../errors.ts";
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import { Deadlines } from "../node/deadlines.ts";
import { JobQueue, type Waiting } from "../node/job-queue.ts";
import type { PythonAppSettings } from "./settings.ts";
import type { Worker } from "./worker.ts";

/** A request in want of a lane: exactly one of `start` and `refuse` is called, unless its time in the queue is over first. */
export interface LaneJob extends Waiting {
  /** It was under way in a process that died: it may be the reason, so its process serves it alone. */
  readonly suspect: boolean;
  start(lane: FastcgiConnection, worker: Worker): void;
}

export class LaneQueue {
  /** Those that have waited before, so they go first. There are no more of them than lanes. */
  readonly #suspects: JobQueue<LaneJob>;
  readonly #others: JobQueue<LaneJob>;

  constructor({ queueLength, queueTimeout }: PythonAppSettings) {
    const full = `${queueLength} requests wait for a Python thread; raise processes or threads`;
    const deadlines = new Deadlines(queueTimeout);
    this.#suspects = new JobQueue({ most: Number.POSITIVE_INFINITY, timeout: queueTimeout, full }, deadlines);
    this.#others = new JobQueue({ most: queueLength, timeout: queueTimeout, full }, deadlines);
  }

  get length(): number {
    return this.#suspects.length + this.#others.length;
  }

  /** How many of them wait for a process of their own. */
  get suspects(): number {
    return this.#suspects.length;
  }

  /** The job waits from now on, or is refused with a `QueueFullError`. */
  add(job: LaneJob): void {
    this.#of(job).add(job);
  }

  /** @returns false for a job that does not wait */
  delete(job: LaneJob): boolean {
    return this.#of(job).delete(job);
  }

  /** Starts jobs in their order, for as long as that succeeds; a suspect that must wait holds up no other request. */
  startAll(start: (job: LaneJob) => boolean): void {
    this.#suspects.startAll(start);
    this.#others.startAll(start);
  }

  refuseAll(reason: BridgeError): void {
    this.#suspects.refuseAll(reason);
    this.#others.refuseAll(reason);
  }

  #of({ suspect }: LaneJob): JobQueue<LaneJob> {
    return suspect ? this.#suspects : this.#others;
  }
}
