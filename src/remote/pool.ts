/** Gives each request an address and a connection. Knows who is free and who waits; knows no protocol. */
import { Deadlines } from "../node/deadlines.ts";
import { JobQueue, type Waiting } from "../node/job-queue.ts";
import { leastLoaded } from "./balance.ts";
import { closedError } from "./errors.ts";
import type { Protocol } from "./protocol.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { RemoteSettings } from "./settings.ts";
import type { RemoteAppStats } from "./stats.ts";
import { Upstream, type UpstreamJob, type UpstreamOwner } from "./upstream.ts";

/** A request: it is given to an upstream, or refused, or expires in the queue. */
export interface RemoteJob extends Waiting, UpstreamJob {
  readonly tries: RetryPolicy;
}

/**     open ──close()──▶ draining ──no request is left, or gracefulTimeout──▶ closed
 * While it drains, new requests are refused, and those under way may have their second try. */
type State = "open" | "draining" | "closed";

/** How long a server may take to end a response that nobody wants, in milliseconds. Then the connection is broken. */
const ABORT_PATIENCE_MS = 1_000;

export class RemotePool implements UpstreamOwner {
  readonly settings: RemoteSettings;
  readonly protocol: Protocol;
  readonly resting: Deadlines;
  /** The time of requests from one piece of the response to the next; they add and delete themselves. */
  readonly running: Deadlines;
  /** The time of requests from their beginning to their end. */
  readonly whole: Deadlines;
  /** The time of responses that nobody wants any more. */
  readonly aborted: Deadlines = new Deadlines(ABORT_PATIENCE_MS);
  readonly #upstreams: readonly Upstream[];
  readonly #queue: JobQueue<RemoteJob>;
  #state: State = "open";
  #turn = 0;
  #closed: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: RemoteSettings, protocol: Protocol) {
    this.settings = settings;
    this.protocol = protocol;
    this.resting = new Deadlines(settings.keepAlive);
    this.running = new Deadlines(settings.requestTimeout);
    this.whole = new Deadlines(settings.totalTimeout);
    this.#upstreams = settings.addresses.map((address) => new Upstream(address, this));
    this.#queue = new JobQueue({
      most: settings.queueLength,
      timeout: settings.queueTimeout,
      full: `${settings.queueLength} requests wait for a connection; raise maxConnections, and the server's workers`,
    });
  }

  /** Gives the job to an upstream, now or when one has room; refuses it where that cannot be. */
  dispatch(job: RemoteJob): void {
    if (this.#state === "open") this.again(job);
    else job.refuse(closedError());
  }

  /** The same for a job that was dispatched before, and did not succeed. */
  again(job: RemoteJob): void {
    if (this.#state === "closed") job.refuse(closedError());
    else if (!this.#serve(job)) this.#queue.add(job);
  }

  /** The job is not wanted any more. Nothing happens if it does not wait. */
  withdraw(job: RemoteJob): void {
    if (this.#queue.delete(job)) this.#checkDrained();
  }

  stats(): RemoteAppStats {
    return { addresses: this.#upstreams.map(({ stats }) => stats), queue: { length: this.#queue.length } };
  }

  /** Lets the requests under way end, then closes the connections. Idempotent; resolves when all are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  changed(): void {
    this.#queue.startAll((job) => this.#serve(job));
    this.#checkDrained();
  }

  isDispensable(upstream: Upstream): boolean {
    return this.#upstreams.some((other) => other !== upstream && !other.isEjected);
  }

  /** @returns false when the job has to wait */
  #serve(job: RemoteJob): boolean {
    this.#turn += 1;
    const { tries } = job;
    let passed = (one: Upstream): boolean => one === tries.avoided || tries.failedAt(one);
    if (!this.#isAnyUp(passed)) passed = (one) => tries.failedAt(one); // there is no elsewhere
    const upstream = leastLoaded(this.#upstreams, this.#turn, passed);
    if (upstream !== undefined) upstream.serve(job);
    else if (this.#isAnyUp(passed)) return false;
    else job.refuse(tries.lastReason ?? closedError()); // one is always up, so it has failed the job
    return true;
  }

  #isAnyUp(passed: (one: Upstream) => boolean): boolean {
    return this.#upstreams.some((one) => !one.isEjected && !passed(one));
  }

  async #shutDown(): Promise<void> {
    this.#state = "draining";
    await this.#drained();
    this.#state = "closed";
    this.#queue.refuseAll(closedError());
    await Promise.all(this.#upstreams.map((upstream) => upstream.destroy(closedError())));
    for (const deadlines of [this.resting, this.running, this.whole, this.aborted]) deadlines.clear();
  }

  /** Resolves when no request is under way and none waits, or when they took too long. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.settings.gracefulTimeout);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#checkDrained();
    });
  }

  /** A moment later: whoever has lost its connection may be about to ask for another. */
  #checkDrained(): void {
    if (this.#onDrained !== undefined) queueMicrotask(() => this.#isIdle() && this.#onDrained?.());
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#upstreams.every(({ busy }) => busy === 0);
  }
}
