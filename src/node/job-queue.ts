/** Those that wait for something to be free. Knows their order and how long they may wait; knows nothing of what they wait for. */
import { type BridgeError, QueueFullError } from "../errors.ts";
import { Deadlines, type Timed } from "./deadlines.ts";

/** What waits. It is started, or `refuse` is called, or `expire` when its time in the queue is over. */
export interface Waiting extends Timed {
  refuse(reason: BridgeError): void;
}

export interface QueueRules {
  /** How many may wait. */
  readonly most: number;
  /** How long each may wait, in milliseconds; infinite for no limit. */
  readonly timeout: number;
  /** The words of `QueueFullError`: what is scarce and what to do. */
  readonly full: string;
}

export class JobQueue<Job extends Waiting> {
  readonly #rules: QueueRules;
  /** Not a Set, for the reason that `Deadlines` gives. */
  readonly #jobs: Job[] = [];
  readonly #deadlines: Deadlines;

  /** @param deadlines another queue's, that has the same time and is emptied together with this one */
  constructor(rules: QueueRules, deadlines: Deadlines = new Deadlines(rules.timeout)) {
    this.#rules = rules;
    this.#deadlines = deadlines;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** The job waits from now on, or is refused with a `QueueFullError`. */
  add(job: Job): void {
    if (this.#jobs.length >= this.#rules.most) {
      job.refuse(new QueueFullError(this.#rules.full));
    } else {
      this.#jobs.push(job);
      this.#deadlines.add(job);
    }
  }

  /** @returns false for a job that does not wait */
  delete(job: Job): boolean {
    const at = this.#jobs.indexOf(job);
    if (at === -1) return false;
    this.#jobs.splice(at, 1);
    this.#deadlines.delete(job);
    return true;
  }

  /** Starts jobs in the order in which they came, for as long as that succeeds. */
  startAll(start: (job: Job) => boolean): void {
    for (let job = this.#jobs[0]; job !== undefined && start(job); job = this.#jobs[0]) this.delete(job);
  }

  refuseAll(reason: BridgeError): void {
    const jobs = this.#jobs.splice(0);
    this.#deadlines.clear();
    for (const job of jobs) job.refuse(reason);
  }
}
