/** The processes that run the same code: keeps their number, and replaces those that end. Knows processes; knows no request. */
import type { StartError } from "../errors.ts";
import type { PythonAppSettings } from "./settings.ts";
import { Slot } from "./slot.ts";
import { processExited, processStarted } from "./telemetry.ts";
import { Worker } from "./worker.ts";
import type { WorkerEvents } from "./worker-events.ts";

/** What the pool wants to know of a generation. */
export interface GenerationEvents {
  /** A lane is free, or was given up. */
  idle(generation: Generation): void;
  /** All processes are ready. May come again, after one was replaced. */
  complete(generation: Generation): void;
  /** A process could not load the application. It is tried again, unless the generation is retired now. */
  startFailed(generation: Generation, failure: StartError): void;
  /** A process has ended. */
  exited(generation: Generation): void;
}

export class Generation implements WorkerEvents<Worker> {
  readonly #settings: PythonAppSettings;
  readonly #events: GenerationEvents;
  readonly #slots: readonly Slot[];
  /** All that live, with those that are on their way out. */
  readonly #workers: Set<Worker> = new Set();
  #failure: StartError | undefined;
  #retired = false;

  constructor(settings: PythonAppSettings, events: GenerationEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#slots = Array.from({ length: settings.processes }, () => new Slot((restarts) => this.#launch(restarts)));
  }

  get workers(): ReadonlySet<Worker> {
    return this.#workers;
  }

  /** Why the newest start failed; undefined after one that did not. */
  get failure(): StartError | undefined {
    return this.#failure;
  }

  /** How many processes take requests. */
  get serving(): number {
    let serving = 0;
    for (const slot of this.#slots) if (slot.serving?.state === "ready") serving += 1;
    return serving;
  }

  get isComplete(): boolean {
    return this.serving === this.#slots.length;
  }

  /** How many requests are under way. */
  get busy(): number {
    let busy = 0;
    for (const worker of this.#workers) busy += worker.busyLanes;
    return busy;
  }

  /** The process that can take the most requests now; undefined if none can take one. */
  freest(): Worker | undefined {
    let best: Worker | undefined;
    let most = 0;
    for (const { serving } of this.#slots) {
      const free = serving?.freeLanes ?? 0;
      if (free > most) {
        best = serving;
        most = free;
      }
    }
    return best;
  }

  /**
   * A process for a request that may crash it: an idle one. While a dead process is being replaced, its successor is worth
   * waiting for; otherwise a process whose requests have all run for a while will do. Only one process at a time, and never
   * the last one, serves such a request. Undefined if there is none now.
   */
  spare(): Worker | undefined {
    const workers = this.#slots.flatMap(({ serving }) => serving ?? []);
    if (workers.length > 1 && workers.some(({ quarantine }) => quarantine.active)) return undefined;
    const isMissing = this.#slots.some((slot) => slot.serving?.state !== "ready" && !slot.isFailing);
    const calm = workers.filter(isCalm);
    const idle = calm.find(({ busyLanes }) => busyLanes === 0);
    if (isMissing) return this.serving > 1 ? idle : undefined;
    return idle ?? calm[0];
  }

  /** No process is replaced any more; each ends when its requests are over, or after `grace` milliseconds. */
  retire(grace: number): void {
    this.#retired = true;
    for (const slot of this.#slots) slot.close();
    for (const worker of this.#workers) worker.drain(grace);
  }

  ready(worker: Worker): void {
    const slot = this.#slots.find(({ coming }) => coming === worker);
    if (slot === undefined) return;
    const before = slot.serving;
    slot.serving = worker;
    slot.coming = undefined;
    this.#failure = undefined;
    before?.drain(this.#settings.gracefulTimeout);
    this.#events.idle(this);
    if (this.isComplete) this.#events.complete(this);
  }

  idle(): void {
    this.#events.idle(this);
  }

  maxRequestsReached(worker: Worker): void {
    const slot = this.#slotOf(worker);
    if (slot === undefined || slot.isCovered) return;
    this.#log("info", worker, `has served ${worker.requests} requests and is replaced`);
    slot.start();
  }

  unhealthy(worker: Worker, why: string): void {
    const slot = this.#slotOf(worker);
    if (slot !== undefined) {
      slot.serving = undefined;
      this.#log("error", worker, `${why}; ${this.#replace(slot, worker)}`);
    }
    worker.drain(this.#settings.gracefulTimeout);
  }

  drainTimedOut(worker: Worker): void {
    const requests = worker.busyLanes === 1 ? "1 request" : `${worker.busyLanes} requests`;
    const { gracefulTimeout } = this.#settings;
    this.#log("error", worker, `still has ${requests} after gracefulTimeout, ${gracefulTimeout} ms, and is terminated`);
  }

  exited(worker: Worker, how: string, failure: StartError | undefined): void {
    this.#workers.delete(worker);
    processExited({ target: this.#settings.target, pid: worker.pid, how });
    if (failure !== undefined) this.#startFailed(worker, failure);
    else if (!this.#retired) this.#ended(worker, how);
    this.#events.exited(this);
  }

  #ended(worker: Worker, how: string): void {
    const slot = this.#slotOf(worker);
    if (slot === undefined) {
      this.#log("info", worker, `ended ${how}`); // it was to
      return;
    }
    slot.serving = undefined;
    this.#log("error", worker, `ended ${how}; ${this.#replace(slot, worker)}`);
  }

  #startFailed(worker: Worker, failure: StartError): void {
    const slot = this.#slots.find(({ coming }) => coming === worker);
    if (slot === undefined || this.#retired) return;
    slot.coming = undefined;
    this.#failure = failure;
    this.#events.startFailed(this, failure);
    if (this.#retired) return;
    const next = this.#replace(slot, worker);
    this.#settings.logger.error(`${this.#settings.target} did not start; ${next}: ${failure.message}`);
  }

  /** @returns what is done, for the log */
  #replace(slot: Slot, ended: Worker): string {
    if (this.#retired) return "it is not replaced";
    if (slot.isCovered) return "its successor has been started";
    return `the next one starts in ${slot.replace(ended)} ms`;
  }

  #launch(restarts: number): Worker {
    const worker = new Worker(this.#settings, this, restarts);
    this.#workers.add(worker);
    processStarted({ target: this.#settings.target, pid: worker.pid });
    return worker;
  }

  #slotOf(worker: Worker): Slot | undefined {
    return this.#slots.find(({ serving }) => serving === worker);
  }

  #log(level: "info" | "error", { pid }: Worker, what: string): void {
    this.#settings.logger[level](`${this.#settings.target}: Python process ${pid} ${what}`);
  }
}

/** It can take a request, and that would hardly draw another one with it if it ended the process. */
function isCalm({ freeLanes, busyLanes, quarantine }: Worker): boolean {
  return freeLanes > 0 && (busyLanes === 0 || quarantine.settled);
}
