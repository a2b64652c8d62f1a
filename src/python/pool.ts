/** Assigns each request to a free lane, queues the rest, and swaps generations on reload. Does not look inside requests. */
import type { BridgeError, StartError } from "../errors.ts";
import { ResponseDeadlines } from "../node/response-timer.ts";
import { closedError, notStarted } from "./failures.ts";
import { Generation, type GenerationEvents } from "./generation.ts";
import { type LaneJob, LaneQueue } from "./queue.ts";
import { Retries } from "./retries.ts";
import type { PythonAppSettings } from "./settings.ts";
import { type PythonAppStats, processStats } from "./stats.ts";
import { Telemetry } from "./telemetry.ts";

/** The promise of a caller that waits for processes to start. */
interface Waiter {
  resolve(): void;
  reject(reason: BridgeError): void;
}

export class WorkerPool implements GenerationEvents {
  readonly settings: PythonAppSettings;
  readonly telemetry: Telemetry;
  readonly retries: Retries = new Retries();
  /** The deadlines of running requests. Requests add and delete themselves. */
  readonly running: ResponseDeadlines;
  readonly #queue: LaneQueue;
  #current: Generation;
  /** The generation that a running reload starts. */
  #next: { readonly generation: Generation; readonly waiter: Waiter } | undefined;
  /** Generations that get no new requests, and whose processes have not all exited. */
  readonly #retired: Set<Generation> = new Set();
  #startWaiters: Waiter[] = [];
  #reloading: Promise<void> = Promise.resolve();
  readonly #cleanups: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;
  #onAllExited: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: PythonAppSettings) {
    this.settings = settings;
    this.telemetry = new Telemetry(settings.target);
    this.running = new ResponseDeadlines(settings);
    this.#queue = new LaneQueue(settings);
    this.#current = new Generation(settings, this);
  }

  /** Resolves when all processes have loaded the application. Rejects with a `StartError` if one of them could not. */
  whenReady(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    if (this.#current.isReady) return Promise.resolve();
    if (this.#current.failure !== undefined) return Promise.reject(this.#current.failure);
    return new Promise((resolve, reject) => {
      this.#startWaiters.push({ resolve, reject });
    });
  }

  /** Starts the job on a free lane, or queues it until a lane is free. Refuses it if neither is possible. */
  dispatch(job: LaneJob): void {
    if (this.#closed !== undefined) job.refuse(closedError());
    else if (!this.#startNow(job, this.#queue.suspects)) this.#enqueue(job);
  }

  /** Removes a job from the queue. Does nothing if the job has started. */
  withdraw(job: LaneJob): void {
    if (this.#queue.delete(job)) this.#checkDrained();
  }

  /** Starts new processes and, when all of them are ready, retires the old ones. Reloads run one after another. */
  reload(): Promise<void> {
    const reload = this.#reloading.then(() => this.#reloadNow());
    this.#reloading = reload.catch(() => undefined); // the caller gets the rejection
    return reload;
  }

  stats(): PythonAppStats {
    const { waits, latency } = this.telemetry;
    const generations = [this.#current, ...(this.#next ? [this.#next.generation] : []), ...this.#retired];
    const processes = generations.flatMap(({ workers }) => [...workers].map(processStats));
    return { processes, queue: { length: this.#queue.length, waits }, latency };
  }

  /** Registers a cleanup that `close()` awaits. */
  onClose(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  /** Waits for running requests, then ends the processes. Idempotent. Resolves when all processes have exited. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  idle(): void {
    this.#startQueued();
    this.#checkDrained();
  }

  ready(generation: Generation): void {
    if (generation === this.#next?.generation) this.#completeReload(this.#next);
    else if (generation === this.#current) for (const { resolve } of this.#startWaiters.splice(0)) resolve();
  }

  startFailed(generation: Generation, failure: StartError): void {
    if (generation === this.#next?.generation) {
      this.#abandonReload(failure);
    } else if (generation === this.#current) {
      for (const { reject } of this.#startWaiters.splice(0)) reject(failure);
      if (generation.serving === 0) this.#queue.refuseAll(notStarted(failure));
    }
  }

  exited(generation: Generation): void {
    if (generation.hasEnded) this.#retired.delete(generation);
    this.#checkDrained();
    this.#checkAllExited();
  }

  #reloadNow(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#next = { generation: new Generation(this.settings, this), waiter: { resolve, reject } };
    });
  }

  #completeReload({ generation, waiter }: { generation: Generation; waiter: Waiter }): void {
    const previous = this.#current;
    this.#current = generation;
    this.#next = undefined;
    this.#retire(previous, this.settings.gracefulTimeout);
    for (const { resolve } of this.#startWaiters.splice(0)) resolve();
    this.#startQueued();
    waiter.resolve();
  }

  #abandonReload(reason: BridgeError): void {
    if (this.#next === undefined) return;
    const { generation, waiter } = this.#next;
    this.#next = undefined;
    this.#retire(generation, 0);
    waiter.reject(reason);
  }

  #retire(generation: Generation, grace: number): void {
    if (!generation.hasEnded) this.#retired.add(generation);
    generation.retire(grace);
  }

  /** @param others how many other suspects wait @returns false if no process can take the job now */
  #startNow(job: LaneJob, others: number): boolean {
    const worker = this.#current.workerFor(job);
    if (worker === undefined) return false;
    job.start(worker.takeLane(job.suspect, others), worker);
    return true;
  }

  #enqueue(job: LaneJob): void {
    const { failure, serving } = this.#current;
    if (failure !== undefined && serving === 0) job.refuse(notStarted(failure));
    else this.#queue.add(job);
  }

  #startQueued(): void {
    this.#queue.startAll((job) => this.#startNow(job, this.#queue.suspects - 1)); // the job itself is still in the queue
  }

  async #shutDown(): Promise<void> {
    for (const { reject } of this.#startWaiters.splice(0)) reject(closedError());
    this.#abandonReload(closedError());
    for (const cleanup of this.#cleanups) await cleanup();
    await this.#drained();
    this.#queue.refuseAll(closedError());
    this.running.clear();
    const allExited = new Promise<void>((resolve) => {
      this.#onAllExited = resolve;
    });
    for (const generation of [this.#current, ...this.#retired]) generation.retire(0);
    this.#checkAllExited();
    await allExited;
  }

  /** Resolves when no request runs or waits any more, at the latest after `gracefulTimeout`. */
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

  #checkDrained(): void {
    if (this.#onDrained === undefined || this.#queue.length > 0) return;
    for (const generation of [this.#current, ...this.#retired]) if (!generation.isDrained) return;
    this.#onDrained();
  }

  #checkAllExited(): void {
    if (this.#current.hasEnded && this.#retired.size === 0) this.#onAllExited?.();
  }
}
