/** One CPython process: its birth, its lanes, its end. Knows how to start and to stop it; knows no request and no other process. */
import type { StartError } from "../errors.ts";
import type { ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";
import { Child, type ChildEvents } from "./child.ts";
import { type ControlEvents, ControlLane } from "./control.ts";
import { Lanes } from "./lanes.ts";
import { StderrTail } from "./launch.ts";
import { Quarantine } from "./quarantine.ts";
import type { PythonAppSettings } from "./settings.ts";
import { Termination } from "./termination.ts";
import type { WorkerEvents, WorkerState } from "./worker-events.ts";

/** How long a process that was let go may take to end. */
const EXIT_GRACE_MS = 5_000;
/** How long a thread may take to heed the exception that was raised in it. */
const INTERRUPT_GRACE_MS = 1_000;
/** How long the news of an exit may come after its lanes' ends. */
const EXIT_EVENT_MS = 100;

export class Worker implements ConnectionOwner<FastcgiConnection>, ControlEvents, ChildEvents {
  readonly restarts: number;
  readonly quarantine: Quarantine;
  readonly #events: WorkerEvents<Worker>;
  readonly #child: Child;
  readonly #control: ControlLane | undefined;
  readonly #lanes: Lanes;
  readonly #termination: Termination;
  readonly #stderrTail: StderrTail;
  /** As `performance.now()` has it. */
  readonly bornAt: number = performance.now();
  #state: WorkerState = "starting";
  #failure: StartError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #readyAt = Number.POSITIVE_INFINITY;
  #requests = 0;
  /** How many requests it may serve. */
  readonly #maxRequests: number;

  /** @param restarts how many processes had its place before it */
  constructor(settings: PythonAppSettings, events: WorkerEvents<Worker>, restarts: number) {
    this.#events = events;
    this.restarts = restarts;
    this.#maxRequests = settings.maxRequests + Math.round(Math.random() * settings.maxRequestsJitter);
    this.#stderrTail = new StderrTail(settings);
    this.#child = new Child(settings, this);
    this.#termination = new Termination(this.#child);
    const [control, ...lanes] = this.#child.lanes;
    this.#lanes = new Lanes(lanes, this);
    this.quarantine = new Quarantine(() => events.idle(this));
    this.#control = control && new ControlLane(control, settings, this);
    this.#timer = setTimeout(() => this.#startTimedOut(), settings.startTimeout);
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
    if (this.#requests === this.#maxRequests) this.#events.maxRequestsReached(this);
    return lane;
  }

  /**
   * Raises an exception in the thread of a lane, and tells where it was, if the process can still say so. A thread that
   * does not heed it makes the process unfit.
   */
  interrupt(lane: FastcgiConnection, told: (stack: string) => void): void {
    if (!lane.busy) return;
    this.#lanes.markStuck(lane, INTERRUPT_GRACE_MS, () => {
      if (this.#state === "ready") this.#events.unhealthy(this, "has a thread that does not end its request");
      this.#exitIfIdle();
    });
    this.#control?.interrupt(this.#lanes.numberOf(lane), lane.requests, told);
  }

  /** Takes no further request, and ends when those it has are over, or after `grace` milliseconds. */
  drain(grace: number): void {
    if (this.#state === "starting") {
      this.#exit(0);
    } else if (this.#state !== "exiting" && this.#state !== "exited") {
      this.#state = "draining";
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#drainTimedOut(), grace);
      this.#exitIfIdle();
    }
  }

  idle(lane: FastcgiConnection): void {
    this.#lanes.unmarkStuck(lane);
    this.quarantine.leave(lane);
    if (this.#state === "ready") this.#lanes.giveBack(lane);
    else if (this.#state === "exiting") lane.close();
    this.#exitIfIdle();
    this.#events.idle(this);
  }

  closed(lane: FastcgiConnection): void {
    this.#lanes.unmarkStuck(lane); // its thread is through
    this.#suspect("broke off a lane");
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
    if (this.#state === "starting") this.#exit(EXIT_GRACE_MS);
  }

  leaving(): void {
    if (this.#state === "ready") this.#events.unhealthy(this, "was asked to end by a signal");
  }

  hungUp(): void {
    if (this.#state === "starting") this.#exit(EXIT_GRACE_MS);
    else this.#suspect("broke off its control lane");
  }

  stderrLine(line: string): void {
    if (!Number.isFinite(this.#readyAt)) this.#stderrTail.push(line);
  }

  spawnFailed(error: Error): void {
    this.#failure = this.#stderrTail.spawnFailed(error);
    this.gone();
    this.ended(null, null);
  }

  /** It gets no further request, and no signal: its id may soon be another's. */
  gone(): void {
    this.#state = "exiting";
    clearTimeout(this.#timer);
    this.#termination.over();
    this.quarantine.stop();
  }

  ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#state = "exited";
    this.#lanes.destroy(new Error("the Python process ended"));
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    if (!Number.isFinite(this.#readyAt)) this.#failure ??= this.#stderrTail.endedEarly(how);
    this.#events.exited(this, how, this.#failure);
  }

  /** It gets no further request. Most often the process has died, and its exit is about to be heard: that says more. */
  #suspect(why: string): void {
    if (this.#state !== "ready") {
      this.#exitIfIdle();
      return;
    }
    this.#state = "suspect";
    this.#timer = setTimeout(() => this.#events.unhealthy(this, why), EXIT_EVENT_MS);
  }

  #drainTimedOut(): void {
    if (this.#lanes.busy > this.#lanes.stuck) this.#events.drainTimedOut(this);
    this.#exit(0);
  }

  #exitIfIdle(): void {
    if (this.#state === "draining" && this.#lanes.quiet) this.#exit(this.#lanes.stuck > 0 ? 0 : EXIT_GRACE_MS);
  }

  #exit(patience: number): void {
    if (this.#state === "exiting" || this.#state === "exited") return;
    this.#state = "exiting";
    clearTimeout(this.#timer);
    this.#control?.end();
    this.#lanes.closeIdle();
    this.#termination.begin(patience, () => this.#signal());
  }

  /** SIGABRT makes Python say where all its threads are: of use where one of them cannot be reached otherwise. */
  #signal(): NodeJS.Signals {
    return this.#lanes.stuck > 0 ? "SIGABRT" : "SIGTERM";
  }

  #startTimedOut(): void {
    this.#state = "exiting";
    this.#stderrTail.late();
    this.#termination.begin(0, () => "SIGABRT");
  }
}
