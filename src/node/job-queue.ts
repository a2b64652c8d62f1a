/** A queue of jobs that wait for a free resource. Knows their order and their timeout; does not know the resource. */
import { type BridgeError, QueueFullError } from "../errors.ts";
import { Deadlines, type Timed } from "./deadlines.ts";

/** A queued job. It is started, or refused with `refuse`, or `expire` is called because it has waited too long. */
export interface Waiting extends Timed {
  refuse(reason: BridgeError): void;
}

/** The limits of a queue. */
export interface QueueRules {
  /** How many jobs may wait. */
  readonly maxLength: number;
  /** How long each job may wait, in milliseconds; infinite for no limit. */
  readonly timeout: number;
  /** The message of `QueueFullError`: which resource is missing and what to do. */
  readonly fullMessage: string;
}

export class JobQueue<Job extends Waiting> {
  readonly #rules: QueueRules;
  /** An array instead of a Set, for the reason given in `Deadlines`. */
  readonly #jobs: Job[] = [];
  readonly #deadlines: Deadlines;

  /** @param deadlines queues that have the same timeout and are cleared together may share one object */
  constructor(rules: QueueRules, deadlines: Deadlines = new Deadlines(rules.timeout)) {
    this.#rules = rules;
    this.#deadlines = deadlines;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** Queues the job, or refuses it with a `QueueFullError`. */
  add(job: Job): void {
    if (this.#jobs.length >= this.#rules.maxLength) {
      job.refuse(new QueueFullError(this.#rules.fullMessage));
    } else {
      this.#jobs.push(job);
      this.#deadlines.add(job);
    }
  }

  /** @returns false if the job is not in the queue */
  delete(job: Job): boolean {
    const at = this.#jobs.indexOf(job);
    if (at === -1) return false;
    this.#jobs.splice(at, 1);
    this.#deadlines.delete(job);
    return true;
  }

  /** Starts jobs in the order of arrival until `start` returns false. */
  startAll(start: (job: Job) => boolean): void {
    for (let job = this.#jobs[0]; job !== undefined && start(job); job = this.#jobs[0]) this.delete(job);
  }

  refuseAll(reason: BridgeError): void {
    const jobs = this.#jobs.splice(0);
    this.#deadlines.clear();
    for (const job of jobs) job.refuse(reason);
  }
}
