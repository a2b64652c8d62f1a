/** Assigns each request to a free lane, queues the rest, and swaps generations on reload. Does not look inside requests. */
import type { BridgeError, StartError } from "../errors.ts";
import { Deadlines } from "../node/deadlines.ts";
import { closedError, notStarted } from "./failures.ts";
import { Generation, type GenerationEvents } from "./generation.ts";
import { type LaneJob, LaneQueue } from "./queue.ts";
import { Retries } from "./retries.ts";
import type { PythonAppSettings } from "./settings.ts";
import { type PythonAppStats, processStats } from "./stats.ts";
import { Telemetry } from "./telemetry.ts";

interface Waiter {
  resolve(): void;
  reject(reason: BridgeError): void;
}

export class WorkerPool implements GenerationEvents {
  readonly settings: PythonAppSettings;
  readonly telemetry: Telemetry;
  readonly retries: Retries = new Retries();
  /** The time of those that run; they add and delete themselves. */
  readonly running: Deadlines;
  readonly #queue: LaneQueue;
  #current: Generation;
  /** The generation of a reload that is under way. */
  #next: { readonly generation: Generation; readonly waiter: Waiter } | undefined;
  /** Generations that still have processes, but get no new requests. */
  readonly #retired: Set<Generation> = new Set();
  #startWaiters: Waiter[] = [];
  #reloading: Promise<void> = Promise.resolve();
  readonly #cleanups: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: PythonAppSettings) {
    this.settings = settings;
    this.telemetry = new Telemetry(settings.target);
    this.running = new Deadlines(settings.requestTimeout);
    this.#queue = new LaneQueue(settings);
    this.#current = new Generation(settings, this);
  }

  /** Resolves when all processes have loaded the application; rejects with the `StartError` of one that could not. */
  whenReady(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    if (this.#current.isComplete) return Promise.resolve();
    if (this.#current.failure !== undefined) return Promise.reject(this.#current.failure);
    return new Promise((resolve, reject) => {
      this.#startWaiters.push({ resolve, reject });
    });
  }

  /** Starts the job on a free lane, now or when one is free; refuses it where that cannot be. */
  dispatch(job: LaneJob): void {
    if (this.#closed !== undefined) job.refuse(closedError());
    else if (!this.#startNow(job, this.#queue.suspects)) this.#wait(job);
  }

  /** The job is not wanted any more. Nothing happens if it has begun. */
  withdraw(job: LaneJob): void {
    if (this.#queue.delete(job)) this.#checkDrained();
  }

  /** Starts new processes, lets them take over when all of them are ready, and ends the old. One after another. */
  reload(): Promise<void> {
    const reload = this.#reloading.then(() => this.#reloadNow());
    this.#reloading = reload.catch(() => undefined); // whoever has asked has the rejection
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

  /** Lets the requests under way end, then ends the processes. Idempotent; resolves when all are gone. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  idle(): void {
    this.#startQueued();
    this.#checkDrained();
  }

  complete(generation: Generation): void {
    if (generation === this.#next?.generation) this.#takeOver(this.#next);
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
    if (generation.workers.size === 0) this.#retired.delete(generation);
    this.#checkDrained();
    this.#checkEmpty();
  }

  #reloadNow(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#next = { generation: new Generation(this.settings, this), waiter: { resolve, reject } };
    });
  }

  #takeOver({ generation, waiter }: { generation: Generation; waiter: Waiter }): void {
    const before = this.#current;
    this.#current = generation;
    this.#next = undefined;
    this.#retire(before, this.settings.gracefulTimeout);
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
    if (generation.workers.size > 0) this.#retired.add(generation);
    generation.retire(grace);
  }

  /** @param others how many other suspects wait */
  #startNow(job: LaneJob, others: number): boolean {
    const worker = job.suspect ? this.#current.spare() : this.#current.freest();
    if (worker === undefined) return false;
    job.start(worker.takeLane(job.suspect, others), worker);
    return true;
  }

  #wait(job: LaneJob): void {
    const { failure, serving } = this.#current;
    if (failure !== undefined && serving === 0) job.refuse(notStarted(failure));
    else this.#queue.add(job);
  }

  #startQueued(): void {
    this.#queue.startAll((job) => this.#startNow(job, this.#queue.suspects - 1)); // the job itself still waits
  }

  async #shutDown(): Promise<void> {
    for (const { reject } of this.#startWaiters.splice(0)) reject(closedError());
    this.#abandonReload(closedError());
    for (const cleanup of this.#cleanups) await cleanup();
    await this.#drained();
    this.#queue.refuseAll(closedError());
    this.running.clear();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const generation of [this.#current, ...this.#retired]) generation.retire(0);
    this.#checkEmpty();
    await empty;
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

  #checkDrained(): void {
    if (this.#onDrained === undefined || this.#queue.length > 0) return;
    for (const generation of [this.#current, ...this.#retired]) if (generation.busy > 0) return;
    this.#onDrained();
  }

  #checkEmpty(): void {
    if (this.#current.workers.size === 0 && this.#retired.size === 0) this.#onEmpty?.();
  }
}
