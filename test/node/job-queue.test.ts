import { describe, expect, it } from "vitest";
import { AppClosedError, type BridgeError, QueueFullError } from "../../src/errors.ts";
import { JobQueue, type Waiting } from "../../src/node/job-queue.ts";

/** A job that records why it was refused. */
class Job implements Waiting {
  readonly since = performance.now();
  reason: BridgeError | undefined;

  refuse(reason: BridgeError): void {
    this.reason = reason;
  }
  expire(): void {
    throw new Error("these have no limit");
  }
}

const queue = (maxLength = 3): JobQueue<Job> =>
  new JobQueue({ maxLength, timeout: Number.POSITIVE_INFINITY, fullMessage: "all places are taken" });

describe("a queue", () => {
  it("starts jobs in the order of arrival, until one cannot be started", () => {
    const [a, b, c] = [new Job(), new Job(), new Job()];
    const jobs = queue();
    for (const job of [a, b, c]) jobs.add(job);
    const started: Job[] = [];
    jobs.startAll((job) => {
      if (started.length === 2) return false;
      started.push(job);
      return true;
    });
    expect(started).toEqual([a, b]);
    expect(jobs.length).toBe(1);
    expect(jobs.delete(c)).toBe(true);
    expect(jobs.delete(c)).toBe(false);
  });

  it("WRK-09: refuses jobs when it is full, with the configured message", () => {
    const [a, b] = [new Job(), new Job()];
    const jobs = queue(1);
    jobs.add(a);
    jobs.add(b);
    expect(a.reason).toBeUndefined();
    expect(b.reason).toBeInstanceOf(QueueFullError);
    expect(b.reason?.message).toBe("all places are taken");
  });

  it("refuseAll() refuses all jobs with one reason", () => {
    const [a, b] = [new Job(), new Job()];
    const jobs = queue();
    jobs.add(a);
    jobs.add(b);
    const reason = new AppClosedError("closed");
    jobs.refuseAll(reason);
    expect([a.reason, b.reason]).toEqual([reason, reason]);
    expect(jobs.length).toBe(0);
  });
});
