/** Assigns each request to an address and a connection. Knows load and queue; knows no protocol. */
import { Deadlines } from "../node/deadlines.ts";
import { JobQueue, type Waiting } from "../node/job-queue.ts";
import { ResponseDeadlines } from "../node/response-timer.ts";
import { leastLoaded } from "./balance.ts";
import { closedError } from "./errors.ts";
import type { Protocol } from "./protocol.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { RemoteSettings } from "./settings.ts";
import type { RemoteAppStats } from "./stats.ts";
import { Upstream, type UpstreamJob, type UpstreamOwner } from "./upstream.ts";

/** A request in the pool. The pool starts it on an upstream, refuses it, or lets it expire in the queue. */
export interface RemoteJob extends Waiting, UpstreamJob {
  readonly retries: RetryPolicy;
}

/**     open ──close()──▶ draining ──no requests left, or gracefulTimeout──▶ closed
 * While the pool drains, it refuses new requests; running requests may still be retried. */
type State = "open" | "draining" | "closed";

/** How long a server may take to end an aborted response, in milliseconds. After that the connection is destroyed. */
const ABORT_TIMEOUT_MS = 1_000;

export class RemotePool implements UpstreamOwner {
  readonly settings: RemoteSettings;
  readonly protocol: Protocol;
  /** The deadlines of idle connections (`keepAlive`). */
  readonly idleDeadlines: Deadlines;
  /** The deadlines of `requestTimeout` and `streamTimeout`. Requests add and delete themselves. */
  readonly responseDeadlines: ResponseDeadlines;
  /** The deadlines of `totalTimeout`. */
  readonly totalDeadlines: Deadlines;
  /** The deadlines of aborted responses. */
  readonly abortDeadlines: Deadlines = new Deadlines(ABORT_TIMEOUT_MS);
  readonly #upstreams: readonly Upstream[];
  readonly #queue: JobQueue<RemoteJob>;
  #state: State = "open";
  #turn = 0;
  #closed: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: RemoteSettings, protocol: Protocol) {
    this.settings = settings;
    this.protocol = protocol;
    this.idleDeadlines = new Deadlines(settings.keepAlive);
    this.responseDeadlines = new ResponseDeadlines(settings);
    this.totalDeadlines = new Deadlines(settings.totalTimeout);
    this.#upstreams = settings.addresses.map((address) => new Upstream(address, this));
    this.#queue = new JobQueue({
      maxLength: settings.queueLength,
      timeout: settings.queueTimeout,
      fullMessage: `${settings.queueLength} requests already wait for a connection; raise maxConnections and the server's number of workers`,
    });
  }

  /** Starts the job on an upstream, or queues it. Refuses it if neither is possible. */
  dispatch(job: RemoteJob): void {
    if (this.#state === "open") this.retry(job);
    else job.refuse(closedError());
  }

  /** Like `dispatch`, for a job that failed on an upstream. Works while the pool drains, too. */
  retry(job: RemoteJob): void {
    if (this.#state === "closed") job.refuse(closedError());
    else if (!this.#serve(job)) this.#queue.add(job);
  }

  /** Removes the job from the queue. Does nothing if it is not there. */
  withdraw(job: RemoteJob): void {
    if (this.#queue.delete(job)) this.#checkDrained();
  }

  stats(): RemoteAppStats {
    return { addresses: this.#upstreams.map(({ stats }) => stats), queue: { length: this.#queue.length } };
  }

  /** Waits for running requests, then closes the connections. Idempotent. Resolves when all connections are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  capacityChanged(): void {
    this.#queue.startAll((job) => this.#serve(job));
    this.#checkDrained();
  }

  hasAlternative(upstream: Upstream): boolean {
    return this.#upstreams.some((other) => other !== upstream && !other.isEjected);
  }

  /** @returns false if the job must wait in the queue */
  #serve(job: RemoteJob): boolean {
    this.#turn += 1;
    const { retries } = job;
    let isExcluded = (one: Upstream): boolean => one === retries.avoided || retries.failedAt(one);
    if (!this.#isAnyUp(isExcluded)) isExcluded = (one) => retries.failedAt(one); // no other address is up
    const upstream = leastLoaded(this.#upstreams, this.#turn, isExcluded);
    if (upstream !== undefined) upstream.serve(job);
    else if (this.#isAnyUp(isExcluded)) return false;
    else job.refuse(retries.lastReason ?? closedError()); // one address is always up, so the job has failed there
    return true;
  }

  #isAnyUp(isExcluded: (one: Upstream) => boolean): boolean {
    return this.#upstreams.some((one) => !one.isEjected && !isExcluded(one));
  }

  async #shutDown(): Promise<void> {
    this.#state = "draining";
    await this.#whenDrained();
    this.#state = "closed";
    this.#queue.refuseAll(closedError());
    await Promise.all(this.#upstreams.map((upstream) => upstream.destroy(closedError())));
    for (const deadlines of [this.idleDeadlines, this.responseDeadlines, this.totalDeadlines, this.abortDeadlines])
      deadlines.clear();
  }

  /** Resolves when no request is running or queued, or after `gracefulTimeout`. */
  #whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.settings.gracefulTimeout);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#checkDrained();
    });
  }

  /** Checks in a microtask, because a request that has just lost its connection may be retried at once. */
  #checkDrained(): void {
    if (this.#onDrained !== undefined) queueMicrotask(() => this.#isIdle() && this.#onDrained?.());
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#upstreams.every(({ busy }) => busy === 0);
  }
}
