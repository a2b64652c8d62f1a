/** The requests that wait for a lane. Knows what is scarce; how one waits is the queue's business. */
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import { JobQueue, type Waiting } from "../node/job-queue.ts";
import type { PythonAppSettings } from "./settings.ts";
import type { Worker } from "./worker.ts";

/** A request in want of a lane: exactly one of `start` and `refuse` is called, unless its time in the queue is over first. */
export interface LaneJob extends Waiting {
  start(lane: FastcgiConnection, worker: Worker): void;
}

export class LaneQueue extends JobQueue<LaneJob> {
  constructor({ queueLength, queueTimeout }: PythonAppSettings) {
    super({
      most: queueLength,
      timeout: queueTimeout,
      full: `${queueLength} requests wait for a Python thread; raise processes or threads`,
    });
  }
}
