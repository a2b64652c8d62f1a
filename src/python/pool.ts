/** Keeps the processes alive and gives each request a lane. Knows who is free and who waits; knows nothing of a request. */
import { AppClosedError, type BridgeError, NotStartedError, QueueFullError, type StartError } from "../errors.ts";
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import type { PythonAppSettings } from "./settings.ts";
import { Worker, type WorkerEvents } from "./worker.ts";

/** A request in want of a lane: exactly one of the two is called. */
export interface LaneJob {
  start(lane: FastcgiConnection): void;
  refuse(reason: BridgeError): void;
}

/** Requests that wait beyond this many are refused: the client hears of it at once, and the memory stays bounded. */
export const QUEUE_LIMIT = 1024;
/** A process that lived at least so long was no part of a crash loop. */
const HEALTHY_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;
/** How long `close()` waits for requests that are under way. */
const DRAIN_MS = 10_000;

interface Waiter {
  resolve(): void;
  reject(reason: BridgeError): void;
}

export class WorkerPool implements WorkerEvents {
  readonly #settings: PythonAppSettings;
  readonly #workers: Set<Worker> = new Set();
  readonly #queue: Set<LaneJob> = new Set();
  readonly #delays: Set<NodeJS.Timeout> = new Set();
  #startWaiters: Waiter[] = [];
  /** Why the newest start failed; undefined after one that did not. */
  #failure: StartError | undefined;
  /** Deaths in a row, each soon after its start. */
  #quickDeaths = 0;
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: PythonAppSettings) {
    this.#settings = settings;
    for (let i = 0; i < settings.processes; i += 1) this.#spawn();
  }

  /** Resolves when all processes have loaded the application; rejects with the `StartError` of one that could not. */
  whenReady(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    if (this.#readyCount() === this.#settings.processes) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#startWaiters.push({ resolve, reject });
    });
  }

  /** Starts the job on a free lane, now or when one is free; refuses it where that cannot be. */
  dispatch(job: LaneJob): void {
    if (this.#closed !== undefined) job.refuse(closedError());
    else if (!this.#startNow(job)) this.#wait(job);
  }

  /** The job is not wanted any more. Nothing happens if it has begun. */
  withdraw(job: LaneJob): void {
    this.#queue.delete(job);
    this.#checkDrained();
  }

  /** Lets the requests under way end, then ends the processes. Idempotent; resolves when all are gone. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  ready(): void {
    this.#failure = undefined;
    this.#startQueued();
    if (this.#readyCount() < this.#settings.processes) return;
    for (const { resolve } of this.#startWaiters.splice(0)) resolve();
  }

  idle(): void {
    this.#startQueued();
    this.#checkDrained();
  }

  exited(worker: Worker, how: string, failure: StartError | undefined): void {
    this.#workers.delete(worker);
    if (this.#workers.size === 0) this.#onEmpty?.();
    this.#checkDrained();
    if (this.#closed !== undefined) return;
    this.#quickDeaths = worker.age >= HEALTHY_MS ? 0 : this.#quickDeaths + 1;
    const delay = this.#backOff();
    const { logger, target } = this.#settings;
    const next = `the next one starts in ${delay} ms`;
    if (failure === undefined) logger.error(`${target}: Python process ${worker.pid} ended ${how}; ${next}`);
    else logger.error(`${target} did not start; ${next}: ${failure.message}`);
    if (failure !== undefined) this.#startFailed(failure);
    this.#spawnAfter(delay);
  }

  #spawn(): void {
    this.#workers.add(new Worker(this.#settings, this));
  }

  #spawnAfter(delay: number): void {
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      this.#spawn();
    }, delay);
    this.#delays.add(timer);
  }

  /** The first death is made good at once; a loop doubles its delay. */
  #backOff(): number {
    const deaths = Math.floor((this.#quickDeaths - 1) / this.#settings.processes);
    return deaths <= 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (deaths - 1), LONGEST_DELAY_MS);
  }

  #startFailed(failure: StartError): void {
    this.#failure = failure;
    for (const { reject } of this.#startWaiters.splice(0)) reject(failure);
    if (this.#readyCount() === 0) this.#refuseQueued(notStarted(failure));
  }

  #startNow(job: LaneJob): boolean {
    let best: Worker | undefined;
    for (const worker of this.#workers) {
      if (worker.freeLanes > (best?.freeLanes ?? 0)) best = worker;
    }
    if (best === undefined) return false;
    job.start(best.takeLane());
    return true;
  }

  #wait(job: LaneJob): void {
    if (this.#failure !== undefined && this.#readyCount() === 0) job.refuse(notStarted(this.#failure));
    else if (this.#queue.size >= QUEUE_LIMIT) job.refuse(queueFull());
    else this.#queue.add(job);
  }

  #startQueued(): void {
    for (const job of this.#queue) {
      if (!this.#startNow(job)) return;
      this.#queue.delete(job);
    }
  }

  #refuseQueued(reason: BridgeError): void {
    const jobs = [...this.#queue];
    this.#queue.clear();
    for (const job of jobs) job.refuse(reason);
  }

  #readyCount(): number {
    let count = 0;
    for (const worker of this.#workers) if (worker.isReady) count += 1;
    return count;
  }

  async #shutDown(): Promise<void> {
    for (const timer of this.#delays) clearTimeout(timer);
    for (const { reject } of this.#startWaiters.splice(0)) reject(closedError());
    await this.#drained();
    this.#refuseQueued(closedError());
    if (this.#workers.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const worker of this.#workers) worker.stop();
    await empty;
  }

  /** Resolves when no request is under way and none waits, or when they took too long. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, DRAIN_MS);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#checkDrained();
    });
  }

  #checkDrained(): void {
    if (this.#onDrained === undefined || this.#queue.size > 0) return;
    for (const worker of this.#workers) if (worker.busyLanes > 0) return;
    this.#onDrained();
  }
}

function closedError(): AppClosedError {
  return new AppClosedError("the Python application was closed and takes no further requests");
}

function notStarted(cause: StartError): NotStartedError {
  return new NotStartedError("the Python application did not start; the reason is in the log", { cause });
}

function queueFull(): QueueFullError {
  return new QueueFullError(`${QUEUE_LIMIT} requests wait for a Python thread; raise processes or threads`);
}
