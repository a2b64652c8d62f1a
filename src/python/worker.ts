/** One CPython process: its birth, its lanes, its end. Knows how to start and to stop it; knows no request and no other process. */
import type { StartError } from "../errors.ts";
import type { ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";
import { Child, type ChildEvents } from "./child.ts";
import { type ControlEvents, ControlLane } from "./control.ts";
import { Ending } from "./ending.ts";
import { Lanes } from "./lanes.ts";
import { LastWords } from "./launch.ts";
import { Quarantine } from "./quarantine.ts";
import type { PythonAppSettings } from "./settings.ts";
import type { WorkerEvents, WorkerState } from "./worker-events.ts";

/** How long a process that was let go may take to end. */
const LEAVE_MS = 5_000;
/** How long a thread may take to heed the exception that was raised in it. */
const HEED_MS = 1_000;
/** How long the news of an exit may come after its lanes' ends. */
const EXIT_MS = 100;

export class Worker implements ConnectionOwner, ControlEvents, ChildEvents {
  readonly restarts: number;
  readonly quarantine: Quarantine;
  readonly #events: WorkerEvents;
  readonly #child: Child;
  readonly #control: ControlLane | undefined;
  readonly #lanes: Lanes;
  readonly #ending: Ending;
  readonly #lastWords: LastWords;
  /** As `performance.now()` has it. */
  readonly bornAt: number = performance.now();
  #state: WorkerState = "starting";
  #failure: StartError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #readyAt = Number.POSITIVE_INFINITY;
  #requests = 0;
  /** How many requests it may serve. */
  readonly #worth: number;

  /** @param restarts how many processes had its place before it */
  constructor(settings: PythonAppSettings, events: WorkerEvents, restarts: number) {
    this.#events = events;
    this.restarts = restarts;
    this.#worth = settings.maxRequests + Math.round(Math.random() * settings.maxRequestsJitter);
    this.#lastWords = new LastWords(settings);
    this.#child = new Child(settings, this);
    this.#ending = new Ending(this.#child);
    const [control, ...lanes] = this.#child.lanes;
    this.#lanes = new Lanes(lanes, this);
    this.quarantine = new Quarantine(() => events.idle(this));
    this.#control = control && new ControlLane(control, settings, this);
    this.#timer = setTimeout(() => this.#tooSlow(), settings.startTimeout);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** How many more requests it can take now. */
  get freeLanes(): number {
    return this.#state === "ready" && !this.quarantine.active ? this.#lanes.free : 0;
  }

  /** How many requests it is at. */
  get busyLanes(): number {
    return this.#lanes.busy;
  }

  /** How many requests it was given. */
  get requests(): number {
    return this.#requests;
  }

  /** Milliseconds since it became ready; 0 before. */
  get servingFor(): number {
    return Math.max(0, performance.now() - this.#readyAt);
  }

  /** A free lane, which comes back by itself when its request is over. @param alone and `others`: see `Quarantine.begin()` */
  takeLane(alone: boolean, others: number): FastcgiConnection {
    const lane = this.#lanes.take();
    if (lane === undefined) throw new RangeError("takeLane() needs a free lane; look at freeLanes first");
    this.#requests += 1;
    this.quarantine.begin(lane, alone, others);
    if (this.#requests === this.#worth) this.#events.worn(this);
    return lane;
  }

  /**
   * Raises an exception in the thread of a lane, and tells where it was, if the process can still say so. A thread that
   * does not heed it makes the process unfit.
   */
  interrupt(lane: FastcgiConnection, told: (stack: string) => void): void {
    if (!lane.busy) return;
    this.#lanes.markStuck(lane, HEED_MS, () => {
      if (this.#state === "ready") this.#events.unfit(this, "has a thread that does not end its request");
      this.#leaveIfIdle();
    });
    this.#control?.interrupt(this.#lanes.numberOf(lane), lane.requests, told);
  }

  /** Takes no further request, and ends when those it has are over, or after `grace` milliseconds. */
  drain(grace: number): void {
    if (this.#state === "starting") {
      this.#leave(0);
    } else if (this.#state !== "leaving" && this.#state !== "exited") {
      this.#state = "draining";
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#cut(), grace);
      this.#leaveIfIdle();
    }
  }

  idle(lane: FastcgiConnection): void {
    this.#lanes.unmarkStuck(lane);
    this.quarantine.leave(lane);
    if (this.#state === "ready") this.#lanes.giveBack(lane);
    else if (this.#state === "leaving") lane.close();
    this.#leaveIfIdle();
    this.#events.idle(this);
  }

  closed(lane: FastcgiConnection): void {
    this.#lanes.unmarkStuck(lane); // its thread is through
    this.#distrust("broke off a lane");
  }

  loaded(): void {
    if (this.#state !== "starting") return;
    clearTimeout(this.#timer);
    this.#state = "ready";
    this.#readyAt = performance.now();
    this.#lanes.open();
    this.#events.ready(this);
  }

  /** The report may arrive after the news that the process is gone. */
  failed(error: StartError): void {
    if (Number.isFinite(this.#readyAt)) return;
    this.#failure ??= error;
    if (this.#state === "starting") this.#leave(LEAVE_MS);
  }

  leaving(): void {
    if (this.#state === "ready") this.#events.unfit(this, "was asked to end by a signal");
  }

  hungUp(): void {
    if (this.#state === "starting") this.#leave(LEAVE_MS);
    else this.#distrust("broke off its control lane");
  }

  said(line: string): void {
    if (!Number.isFinite(this.#readyAt)) this.#lastWords.push(line);
  }

  notRun(error: Error): void {
    this.#failure = this.#lastWords.notRun(error);
    this.gone();
    this.ended(null, null);
  }

  /** It gets no further request, and no signal: its id may soon be another's. */
  gone(): void {
    this.#state = "leaving";
    clearTimeout(this.#timer);
    this.#ending.over();
    this.quarantine.stop();
  }

  ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#state = "exited";
    this.#lanes.destroy(new Error("the Python process ended"));
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    if (!Number.isFinite(this.#readyAt)) this.#failure ??= this.#lastWords.endedEarly(how);
    this.#events.exited(this, how, this.#failure);
  }

  /** It gets no further request. Most often the process has died, and its exit is about to be heard: that says more. */
  #distrust(why: string): void {
    if (this.#state !== "ready") {
      this.#leaveIfIdle();
      return;
    }
    this.#state = "suspect";
    this.#timer = setTimeout(() => this.#events.unfit(this, why), EXIT_MS);
  }

  #cut(): void {
    if (this.#lanes.busy > this.#lanes.stuck) this.#events.outOfTime(this);
    this.#leave(0);
  }

  #leaveIfIdle(): void {
    if (this.#state === "draining" && this.#lanes.quiet) this.#leave(this.#lanes.stuck > 0 ? 0 : LEAVE_MS);
  }

  #leave(patience: number): void {
    if (this.#state === "leaving" || this.#state === "exited") return;
    this.#state = "leaving";
    clearTimeout(this.#timer);
    this.#control?.end();
    this.#lanes.closeIdle();
    this.#ending.begin(patience, () => this.#signal());
  }

  /** SIGABRT makes Python say where all its threads are: of use where one of them cannot be reached otherwise. */
  #signal(): NodeJS.Signals {
    return this.#lanes.stuck > 0 ? "SIGABRT" : "SIGTERM";
  }

  #tooSlow(): void {
    this.#state = "leaving";
    this.#lastWords.late();
    this.#ending.begin(0, () => "SIGABRT");
  }
}
