/** The requests that wait for a lane. Knows limits and priorities; leaves the waiting itself to `JobQueue`. */
import type { BridgeError } from "../errors.ts";
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import { Deadlines } from "../node/deadlines.ts";
import { JobQueue, type Waiting } from "../node/job-queue.ts";
import type { PythonAppSettings } from "./settings.ts";
import type { Worker } from "./worker.ts";

/** A request that needs a lane. Either `start` or `refuse` is called, once, unless the job expires in the queue first. */
export interface LaneJob extends Waiting {
  /** True if a process died soon after it received the request, which may be the cause. The next process serves it alone. */
  readonly suspect: boolean;
  start(lane: FastcgiConnection, worker: Worker): void;
}

export class LaneQueue {
  /** Suspects go first, because they have waited before. There are never more of them than lanes. */
  readonly #suspects: JobQueue<LaneJob>;
  readonly #others: JobQueue<LaneJob>;

  constructor({ queueLength, queueTimeout }: PythonAppSettings) {
    const fullMessage = `${queueLength} requests already wait for a Python thread; raise processes or threads`;
    const deadlines = new Deadlines(queueTimeout);
    this.#suspects = new JobQueue(
      { maxLength: Number.POSITIVE_INFINITY, timeout: queueTimeout, fullMessage },
      deadlines,
    );
    this.#others = new JobQueue({ maxLength: queueLength, timeout: queueTimeout, fullMessage }, deadlines);
  }

  get length(): number {
    return this.#suspects.length + this.#others.length;
  }

  /** How many suspects wait. */
  get suspects(): number {
    return this.#suspects.length;
  }

  /** Adds the job to the queue, or refuses it with a `QueueFullError`. */
  add(job: LaneJob): void {
    this.#queueFor(job).add(job);
  }

  /** @returns false if the job was not in the queue */
  delete(job: LaneJob): boolean {
    return this.#queueFor(job).delete(job);
  }

  /** Starts jobs in order for as long as `start` returns true. A suspect that must wait does not hold up other requests. */
  startAll(start: (job: LaneJob) => boolean): void {
    this.#suspects.startAll(start);
    this.#others.startAll(start);
  }

  refuseAll(reason: BridgeError): void {
    this.#suspects.refuseAll(reason);
    this.#others.refuseAll(reason);
  }

  #queueFor({ suspect }: LaneJob): JobQueue<LaneJob> {
    return suspect ? this.#suspects : this.#others;
  }
}
