/** The processes that run the same code: keeps their number, and replaces those that end. Knows processes; knows no request. */
import type { StartError } from "../errors.ts";
import type { PythonAppSettings } from "./settings.ts";
import { processExited, processStarted } from "./telemetry.ts";
import { Worker } from "./worker.ts";
import type { WorkerEvents } from "./worker-events.ts";

/** What the pool wants to know of a crew. */
export interface CrewEvents {
  /** A lane is free, or was given up. */
  idle(crew: Crew): void;
  /** All processes are ready. May come again, after one was replaced. */
  complete(crew: Crew): void;
  /** A process could not load the application. It is tried again, unless the crew is retired now. */
  startFailed(crew: Crew, failure: StartError): void;
  /** A process has ended. */
  exited(crew: Crew): void;
}

/** A place in the crew: the process that serves, and the one that is to follow it. */
interface Slot {
  serving: Worker | undefined;
  coming: Worker | undefined;
  /** Until the next one starts. */
  timer: NodeJS.Timeout | undefined;
  /** How many processes were started for it. */
  starts: number;
}

/** A process that served so long was no part of a crash loop. */
const HEALTHY_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

export class Crew implements WorkerEvents {
  readonly #settings: PythonAppSettings;
  readonly #events: CrewEvents;
  readonly #slots: readonly Slot[];
  /** All that live, with those that are on their way out. */
  readonly #workers: Set<Worker> = new Set();
  #failure: StartError | undefined;
  /** Deaths in a row, each soon after its start. */
  #quickDeaths = 0;
  #retired = false;

  constructor(settings: PythonAppSettings, events: CrewEvents) {
    this.#settings = settings;
    this.#events = events;
    const empty: Slot = { serving: undefined, coming: undefined, timer: undefined, starts: 0 };
    this.#slots = Array.from({ length: settings.processes }, () => ({ ...empty }));
    for (const slot of this.#slots) this.#start(slot);
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

  /** No process is replaced any more; each ends when its requests are over, or after `grace` milliseconds. */
  retire(grace: number): void {
    this.#retired = true;
    for (const slot of this.#slots) clearTimeout(slot.timer);
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

  worn(worker: Worker): void {
    const slot = this.#slotOf(worker);
    if (slot === undefined || this.#isCovered(slot)) return;
    this.#log("info", worker, `has served ${worker.requests} requests and is replaced`);
    this.#start(slot);
  }

  unfit(worker: Worker, why: string): void {
    const slot = this.#slotOf(worker);
    if (slot !== undefined) {
      slot.serving = undefined;
      this.#log("error", worker, `${why}; ${this.#replace(slot, worker)}`);
    }
    worker.drain(this.#settings.gracefulTimeout);
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
  #replace(slot: Slot, { servingFor }: Worker): string {
    if (this.#retired) return "it is not replaced";
    if (this.#isCovered(slot)) return "its successor has been started";
    this.#quickDeaths = servingFor >= HEALTHY_MS ? 0 : this.#quickDeaths + 1;
    const delay = this.#backOff();
    if (delay === 0) this.#start(slot);
    else slot.timer = setTimeout(() => this.#start(slot), delay);
    return `the next one starts in ${delay} ms`;
  }

  /** The first death is made good at once; a loop doubles its delay. */
  #backOff(): number {
    const deaths = Math.floor((this.#quickDeaths - 1) / this.#settings.processes);
    return deaths <= 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (deaths - 1), LONGEST_DELAY_MS);
  }

  #start(slot: Slot): void {
    slot.timer = undefined;
    slot.coming = new Worker(this.#settings, this, slot.starts);
    slot.starts += 1;
    this.#workers.add(slot.coming);
    processStarted({ target: this.#settings.target, pid: slot.coming.pid });
  }

  #isCovered({ coming, timer }: Slot): boolean {
    return coming !== undefined || timer !== undefined;
  }

  #slotOf(worker: Worker): Slot | undefined {
    return this.#slots.find(({ serving }) => serving === worker);
  }

  #log(level: "info" | "error", { pid }: Worker, what: string): void {
    this.#settings.logger[level](`${this.#settings.target}: Python process ${pid} ${what}`);
  }
}
