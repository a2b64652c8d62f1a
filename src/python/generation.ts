/** The processes that run the same version of the code. Keeps their number constant. Knows processes; knows no request. */
import type { StartError } from "../errors.ts";
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
  /** A process has exited. */
  exited(generation: Generation): void;
}

export class Generation implements WorkerEvents<Worker> {
  readonly #settings: PythonAppSettings;
  readonly #events: GenerationEvents;
  readonly #slots: readonly Slot[];
  /** All running processes, including those that are shutting down. */
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

  /** Why the latest start failed; undefined if it succeeded. */
  get failure(): StartError | undefined {
    return this.#failure;
  }

  /** How many processes are ready for requests. */
  get serving(): number {
    let serving = 0;
    for (const slot of this.#slots) if (slot.serving?.state === "ready") serving += 1;
    return serving;
  }

  get isReady(): boolean {
    return this.serving === this.#slots.length;
  }

  /** How many requests are running. */
  get inFlight(): number {
    let inFlight = 0;
    for (const worker of this.#workers) inFlight += worker.busyLanes;
    return inFlight;
  }

  /** Returns the process with the most free lanes; undefined if no process has a free lane. */
  leastBusy(): Worker | undefined {
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
   * Returns a process for a suspect, a request that may crash it; undefined if no process is suitable now.
   *
   * An idle process is best. A process whose requests have all run for a while is also suitable, unless another process is
   * being replaced: then the suspect waits for the replacement. It never gets the last ready process while a replacement
   * starts. If there are several processes, only one at a time serves a suspect.
   */
  workerForSuspect(): Worker | undefined {
    const workers = this.#slots.flatMap(({ serving }) => serving ?? []);
    if (workers.length > 1 && workers.some(({ quarantine }) => quarantine.active)) return undefined;
    const isReplacing = this.#slots.some((slot) => slot.serving?.state !== "ready" && !slot.isFailing);
    const settled = workers.filter(isSettled);
    const idle = settled.find(({ busyLanes }) => busyLanes === 0);
    if (isReplacing) return this.serving > 1 ? idle : undefined;
    return idle ?? settled[0];
  }

  /** Stops replacing processes. Each process exits when its requests have ended, at the latest after `grace` milliseconds. */
  retire(grace: number): void {
    this.#retired = true;
    for (const slot of this.#slots) slot.close();
    for (const worker of this.#workers) worker.drain(grace);
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
    processExited({ target: this.#settings.target, pid: worker.pid, how });
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
    this.#failure = failure;
    this.#events.startFailed(this, failure);
    if (this.#retired) return;
    const next = this.#replace(slot, worker);
    this.#settings.logger.error(`${this.#settings.target} did not start; ${next}: ${failure.message}`);
  }

  /** @returns the end of a log line, which says when the next process starts */
  #replace(slot: Slot, ended: Worker): string {
    if (this.#retired) return "it is not replaced";
    if (slot.hasSuccessor) return "a new process was already started";
    return `a new process starts in ${slot.replace(ended)} ms`;
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

/** True if the process has a free lane, and is idle or has only requests that have run for a while. */
function isSettled({ freeLanes, busyLanes, quarantine }: Worker): boolean {
  return freeLanes > 0 && (busyLanes === 0 || quarantine.settled);
}

const requestCount = (count: number): string => (count === 1 ? "1 request" : `${count} requests`);
