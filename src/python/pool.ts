/** Gives each request a lane, and changes the crew that has them. Knows who is free and who waits; knows nothing of a request. */
import type { BridgeError, StartError } from "../errors.ts";
import { Deadlines } from "../node/deadlines.ts";
import { Crew, type CrewEvents } from "./crew.ts";
import { closedError, notStarted } from "./failures.ts";
import { type LaneJob, LaneQueue } from "./queue.ts";
import { Retries } from "./retries.ts";
import type { PythonAppSettings } from "./settings.ts";
import { type PythonAppStats, processStats } from "./stats.ts";
import { Telemetry } from "./telemetry.ts";

interface Waiter {
  resolve(): void;
  reject(reason: BridgeError): void;
}

export class WorkerPool implements CrewEvents {
  readonly settings: PythonAppSettings;
  readonly telemetry: Telemetry;
  readonly retries: Retries = new Retries();
  /** The time of those that run; they add and delete themselves. */
  readonly running: Deadlines;
  readonly #queue: LaneQueue;
  #crew: Crew;
  /** The crew of a reload that is under way. */
  #coming: { readonly crew: Crew; readonly waiter: Waiter } | undefined;
  /** Crews on their way out. */
  readonly #retired: Set<Crew> = new Set();
  #startWaiters: Waiter[] = [];
  #reloading: Promise<void> = Promise.resolve();
  readonly #endings: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(settings: PythonAppSettings) {
    this.settings = settings;
    this.telemetry = new Telemetry(settings.target);
    this.running = new Deadlines(settings.requestTimeout);
    this.#queue = new LaneQueue(settings);
    this.#crew = new Crew(settings, this);
  }

  /** Resolves when all processes have loaded the application; rejects with the `StartError` of one that could not. */
  whenReady(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    if (this.#crew.isComplete) return Promise.resolve();
    if (this.#crew.failure !== undefined) return Promise.reject(this.#crew.failure);
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
    const crews = [this.#crew, ...(this.#coming === undefined ? [] : [this.#coming.crew]), ...this.#retired];
    const processes = crews.flatMap(({ workers }) => [...workers].map(processStats));
    return { processes, queue: { length: this.#queue.length, waits }, latency };
  }

  /** Registers a cleanup that `close()` awaits. */
  onClose(ending: () => Promise<void>): void {
    this.#endings.push(ending);
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

  complete(crew: Crew): void {
    if (crew === this.#coming?.crew) this.#takeOver(this.#coming);
    else if (crew === this.#crew) for (const { resolve } of this.#startWaiters.splice(0)) resolve();
  }

  startFailed(crew: Crew, failure: StartError): void {
    if (crew === this.#coming?.crew) {
      this.#abandonReload(failure);
    } else if (crew === this.#crew) {
      for (const { reject } of this.#startWaiters.splice(0)) reject(failure);
      if (crew.serving === 0) this.#queue.refuseAll(notStarted(failure));
    }
  }

  exited(crew: Crew): void {
    if (crew.workers.size === 0) this.#retired.delete(crew);
    this.#checkDrained();
    this.#checkEmpty();
  }

  #reloadNow(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#coming = { crew: new Crew(this.settings, this), waiter: { resolve, reject } };
    });
  }

  #takeOver({ crew, waiter }: { crew: Crew; waiter: Waiter }): void {
    const before = this.#crew;
    this.#crew = crew;
    this.#coming = undefined;
    this.#retire(before, this.settings.gracefulTimeout);
    for (const { resolve } of this.#startWaiters.splice(0)) resolve();
    this.#startQueued();
    waiter.resolve();
  }

  #abandonReload(reason: BridgeError): void {
    if (this.#coming === undefined) return;
    const { crew, waiter } = this.#coming;
    this.#coming = undefined;
    this.#retire(crew, 0);
    waiter.reject(reason);
  }

  #retire(crew: Crew, grace: number): void {
    if (crew.workers.size > 0) this.#retired.add(crew);
    crew.retire(grace);
  }

  /** @param others how many other suspects wait */
  #startNow(job: LaneJob, others: number): boolean {
    const worker = job.suspect ? this.#crew.spare() : this.#crew.freest();
    if (worker === undefined) return false;
    job.start(worker.takeLane(job.suspect, others), worker);
    return true;
  }

  #wait(job: LaneJob): void {
    const { failure, serving } = this.#crew;
    if (failure !== undefined && serving === 0) job.refuse(notStarted(failure));
    else this.#queue.add(job);
  }

  #startQueued(): void {
    this.#queue.startAll((job) => this.#startNow(job, this.#queue.suspects - 1)); // the job itself still waits
  }

  async #shutDown(): Promise<void> {
    for (const { reject } of this.#startWaiters.splice(0)) reject(closedError());
    this.#abandonReload(closedError());
    for (const ending of this.#endings) await ending();
    await this.#drained();
    this.#queue.refuseAll(closedError());
    this.running.clear();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const crew of [this.#crew, ...this.#retired]) crew.retire(0);
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
    for (const crew of [this.#crew, ...this.#retired]) if (crew.busy > 0) return;
    this.#onDrained();
  }

  #checkEmpty(): void {
    if (this.#crew.workers.size === 0 && this.#retired.size === 0) this.#onEmpty?.();
  }
}
