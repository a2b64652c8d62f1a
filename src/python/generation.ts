/** The processes that run the same version of the code. Keeps their number constant. Knows processes; knows no request. */
import type { StartError } from "../errors.ts";
import { leastBusy, readyCount, workerForSuspect } from "./balance.ts";
import { type ProcessSource, processSource } from "./process-source.ts";
import type { PythonAppSettings } from "./settings.ts";
import { Slot } from "./slot.ts";
import { processExited, processStarted } from "./telemetry.ts";
import { Worker } from "./worker.ts";
import type { WorkerEvents } from "./worker-events.ts";

/** The events of a generation. */
export interface GenerationEvents {
  /** A request has ended, or a process can take requests again. */
  idle(generation: Generation): void;
  /** All processes are ready. Called again when a process was replaced. */
  ready(generation: Generation): void;
  /** A process could not load the application. The start is retried unless the generation is retired during this call. */
  startFailed(generation: Generation, failure: StartError): void;
  /** A process has exited. Also called when the template, if there is one, has exited. */
  exited(generation: Generation): void;
}

export class Generation implements WorkerEvents<Worker> {
  readonly #settings: PythonAppSettings;
  readonly #events: GenerationEvents;
  readonly #source: ProcessSource;
  readonly #slots: readonly Slot[];
  /** All running processes, including those that are shutting down. */
  readonly #workers: Set<Worker> = new Set();
  #failure: StartError | undefined;
  #retired = false;

  constructor(settings: PythonAppSettings, events: GenerationEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#source = processSource(settings, () => events.exited(this));
    this.#slots = Array.from({ length: settings.processes }, () => new Slot((restarts) => this.#launch(restarts)));
  }

  get workers(): ReadonlySet<Worker> {
    return this.#workers;
  }

  /** True if no process is left. */
  get hasEnded(): boolean {
    return this.#workers.size === 0 && this.#source.hasEnded;
  }

  /** Why the latest start failed; undefined if it succeeded. */
  get failure(): StartError | undefined {
    return this.#failure;
  }

  /** How many processes are ready for requests. */
  get serving(): number {
    return readyCount(this.#slots);
  }

  get isReady(): boolean {
    return this.serving === this.#slots.length;
  }

  /** Whether no request runs that somebody waits for. */
  get isDrained(): boolean {
    for (const { interrupts } of this.#workers) if (!interrupts.isDrained) return false;
    return true;
  }

  /** Returns a process that can take the request now. @param suspect true if the request may crash the process */
  workerFor({ suspect }: { readonly suspect: boolean }): Worker | undefined {
    return suspect ? workerForSuspect(this.#slots) : leastBusy(this.#slots);
  }

  /** Stops replacing processes. Each process exits when its requests have ended, at the latest after `grace` milliseconds. */
  retire(grace: number): void {
    this.#retired = true;
    for (const slot of this.#slots) slot.close();
    for (const worker of this.#workers) worker.drain(grace);
    this.#source.retire();
  }

  started({ pid }: Worker): void {
    processStarted({ target: this.#settings.target, pid });
  }

  ready(worker: Worker): void {
    const slot = this.#slots.find(({ successor }) => successor === worker);
    if (slot === undefined) return;
    const previous = slot.serving;
    slot.serving = worker;
    slot.successor = undefined;
    this.#failure = undefined;
    previous?.drain(this.#settings.gracefulTimeout);
    this.#events.idle(this);
    if (this.isReady) this.#events.ready(this);
  }

  idle(): void {
    this.#events.idle(this);
  }

  maxRequestsReached(worker: Worker): void {
    const slot = this.#slotOf(worker);
    if (slot === undefined || slot.hasSuccessor) return;
    this.#log("info", worker, `has served ${requestCount(worker.requests)} and is replaced`);
    slot.start();
  }

  unhealthy(worker: Worker, reason: string): void {
    const slot = this.#slotOf(worker);
    if (slot !== undefined) {
      slot.serving = undefined;
      this.#log("error", worker, `${reason}; ${this.#replace(slot, worker)}`);
    }
    worker.drain(this.#settings.gracefulTimeout);
  }

  threadStuck(worker: Worker): void {
    const { stuck, left } = worker.interrupts;
    const what = `has ${stuck} of ${stuck + left} threads that do not end their request`;
    if (left === 0) this.unhealthy(worker, what);
    else this.#log("error", worker, `${what}; it keeps serving on the other ${left}`);
  }

  threadFreed(worker: Worker): void {
    this.#log("info", worker, "has a thread back that did not end its request in time");
  }

  drainTimedOut(worker: Worker): void {
    const { gracefulTimeout } = this.#settings;
    this.#log(
      "error",
      worker,
      `still has ${requestCount(worker.busyLanes)} after gracefulTimeout, ${gracefulTimeout} ms, and is terminated`,
    );
  }

  exited(worker: Worker, how: string, failure: StartError | undefined): void {
    this.#workers.delete(worker);
    if (worker.pid !== undefined) processExited({ target: this.#settings.target, pid: worker.pid, how });
    if (failure !== undefined) this.#startFailed(worker, failure);
    else if (!this.#retired) this.#workerEnded(worker, how);
    this.#events.exited(this);
  }

  #workerEnded(worker: Worker, how: string): void {
    const slot = this.#slotOf(worker);
    if (slot === undefined) {
      this.#log("info", worker, `ended ${how}`); // expected: another process has taken its slot
      return;
    }
    slot.serving = undefined;
    this.#log("error", worker, `ended ${how}; ${this.#replace(slot, worker)}`);
  }

  #startFailed(worker: Worker, failure: StartError): void {
    const slot = this.#slots.find(({ successor }) => successor === worker);
    if (slot === undefined || this.#retired) return;
    slot.successor = undefined;
    const isKnown = failure === this.#failure; // all processes of a template fail with it, but that is one failure
    this.#failure = failure;
    if (!isKnown) this.#events.startFailed(this, failure);
    if (this.#retired) return;
    const next = this.#replace(slot, worker);
    if (!isKnown) this.#settings.logger.error(`${this.#settings.target} did not start; ${next}: ${failure.message}`);
  }

  /** @returns the end of a log line, which says when the next process starts */
  #replace(slot: Slot, ended: Worker): string {
    if (this.#retired) return "it is not replaced";
    if (slot.hasSuccessor) return "a new process was already started";
    return `a new process starts in ${slot.replace(ended)} ms`;
  }

  #launch(restarts: number): Worker {
    const worker = new Worker(this.#source, this, restarts);
    this.#workers.add(worker);
    return worker;
  }

  #slotOf(worker: Worker): Slot | undefined {
    return this.#slots.find(({ serving }) => serving === worker);
  }

  #log(level: "info" | "error", { pid }: Worker, what: string): void {
    this.#settings.logger[level](`${this.#settings.target}: Python process ${pid} ${what}`);
  }
}

const requestCount = (count: number): string => (count === 1 ? "1 request" : `${count} requests`);
