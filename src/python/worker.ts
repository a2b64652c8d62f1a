/** One CPython process: start, lanes, shutdown. Knows its state and its signals; knows no request and no other process. */
import type { StartError } from "../errors.ts";
import type { ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";
import type { Child, ChildEvents } from "./child.ts";
import { type ControlEvents, ControlLane } from "./control.ts";
import { Interrupts } from "./interrupts.ts";
import { Lanes } from "./lanes.ts";
import { StderrTail } from "./launch.ts";
import type { ProcessSource } from "./process-source.ts";
import { Quarantine } from "./quarantine.ts";
import { Termination } from "./termination.ts";
import type { WorkerEvents, WorkerState } from "./worker-events.ts";

/** How long a process may take to exit by itself after its control lane was closed. */
const EXIT_GRACE_MS = 5_000;
/** When a process exits, its lanes close first. The exit event may come up to this much later. */
const EXIT_EVENT_MS = 100;

export class Worker implements ConnectionOwner<FastcgiConnection>, ControlEvents, ChildEvents {
  readonly restarts: number;
  readonly quarantine: Quarantine;
  readonly interrupts: Interrupts;
  readonly #events: WorkerEvents<Worker>;
  readonly #child: Child;
  readonly #control: ControlLane | undefined;
  readonly #lanes: Lanes;
  readonly #termination: Termination;
  readonly #stderrTail: StderrTail;
  /** A time of `performance.now()`. */
  readonly startedAt: number = performance.now();
  #pid: number | undefined;
  #state: WorkerState = "starting";
  #failure: StartError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #readyAt = Number.POSITIVE_INFINITY;
  #requests = 0;
  /** How many requests the process may serve, including the jitter. */
  readonly #maxRequests: number;

  /** @param restarts how many processes ran in the same slot before this one */
  constructor(source: ProcessSource, events: WorkerEvents<Worker>, restarts: number) {
    const { settings } = source;
    this.#events = events;
    this.restarts = restarts;
    this.#maxRequests = settings.maxRequests + Math.round(Math.random() * settings.maxRequestsJitter);
    this.#stderrTail = new StderrTail(settings);
    this.#child = source.start(this);
    if (this.#child.pid !== undefined) this.forked(this.#child.pid);
    this.#termination = new Termination(this.#child);
    const [control, ...lanes] = this.#child.lanes;
    this.#lanes = new Lanes(lanes, this);
    this.quarantine = new Quarantine(() => events.idle(this));
    this.#control = control && new ControlLane(control, { settings, process: this.#child }, this);
    this.interrupts = new Interrupts(this.#lanes, this.#control, (answered) => this.#threadStuck(answered));
    this.#timer = setTimeout(() => this.#startTimedOut(), settings.startTimeout);
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** How many more requests the process can take now. */
  get freeLanes(): number {
    return this.#state === "ready" && !this.quarantine.active ? this.#lanes.free : 0;
  }

  /** How many requests are running in the process, including those of stuck threads. */
  get busyLanes(): number {
    return this.#lanes.busy;
  }

  /** How many requests the process has received. */
  get requests(): number {
    return this.#requests;
  }

  /** Milliseconds since the process became ready; 0 before that. */
  get servingFor(): number {
    return Math.max(0, performance.now() - this.#readyAt);
  }

  /** Returns a free lane. The worker takes it back when its request has ended. For the parameters see `Quarantine.begin()`. */
  takeLane(alone: boolean, others: number): FastcgiConnection {
    const lane = this.#lanes.take();
    if (lane === undefined) throw new RangeError("takeLane() needs a free lane; check freeLanes first");
    this.#requests += 1;
    this.quarantine.begin(lane, alone, others);
    if (this.#requests === this.#maxRequests) this.#events.maxRequestsReached(this);
    return lane;
  }

  /** Takes no more requests. Ends the process when its running requests have ended, at the latest after `grace` ms. */
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
    const wasStuck = this.interrupts.end(lane);
    if (wasStuck && this.#state === "ready") this.#events.threadFreed(this);
    this.quarantine.requestEnded(lane);
    if (this.#state === "ready") this.#lanes.giveBack(lane);
    else if (this.#state === "exiting") lane.close();
    this.#exitIfIdle();
    this.#events.idle(this);
  }

  closed(lane: FastcgiConnection): void {
    this.interrupts.end(lane); // its request has ended with the lane
    this.#laneLost("lost a connection to Node");
  }

  forked(pid: number): void {
    this.#pid = pid;
    this.#events.started(this);
  }

  loaded(): void {
    if (this.#state !== "starting") return;
    clearTimeout(this.#timer);
    this.#state = "ready";
    this.#readyAt = performance.now();
    this.#lanes.open();
    this.#events.ready(this);
  }

  /** The report may arrive after the exit event. */
  loadFailed(error: StartError): void {
    if (Number.isFinite(this.#readyAt)) return;
    this.#failure ??= error;
    if (this.#state === "starting") this.#exit(EXIT_GRACE_MS);
  }

  exitRequested(): void {
    if (this.#state === "ready") this.#events.unhealthy(this, "was asked to end by a signal");
  }

  disconnected(): void {
    if (this.#state === "starting") this.#exit(EXIT_GRACE_MS);
    else this.#laneLost("lost its control connection to Node");
  }

  stderrLine(line: string): void {
    if (!Number.isFinite(this.#readyAt)) this.#stderrTail.push(line);
  }

  spawnFailed(error: Error): void {
    this.#failure = this.#stderrTail.spawnFailed(error);
    this.childExited();
    this.childClosed("");
  }

  /** Sends no more requests and no more signals: the system may give the process id to another process. */
  childExited(): void {
    this.#state = "exiting";
    clearTimeout(this.#timer);
    this.#termination.cancel();
    this.quarantine.stop();
  }

  childClosed(how: string): void {
    this.#state = "exited";
    this.interrupts.stop();
    this.#lanes.destroy(new Error("the Python process ended"));
    if (!Number.isFinite(this.#readyAt)) this.#failure ??= this.#stderrTail.endedEarly(how);
    this.#events.exited(this, how, this.#failure);
  }

  /** Sends no more requests. Reports `reason` a moment later, because usually an exit event follows, which says more. */
  #laneLost(reason: string): void {
    if (this.#state !== "ready") {
      this.#exitIfIdle();
      return;
    }
    this.#state = "suspect";
    this.#timer = setTimeout(() => this.#events.unhealthy(this, reason), EXIT_EVENT_MS);
  }

  /** Keeps the process as long as other threads of it can serve: their requests, and its state in memory, are not lost. */
  #threadStuck(answered: boolean): void {
    if (this.#state === "ready" && !answered)
      this.#events.unhealthy(this, "does not react: a request blocks all its threads");
    else if (this.#state === "ready") this.#events.threadStuck(this);
    this.#exitIfIdle();
    this.#events.idle(this); // a pool that closes does not wait for the request any more
  }

  #drainTimedOut(): void {
    if (!this.interrupts.isDrained) this.#events.drainTimedOut(this);
    this.#exit(0);
  }

  #exitIfIdle(): void {
    if (this.#state !== "draining" || !this.interrupts.isDrained) return;
    this.#exit(this.interrupts.stuck > 0 ? 0 : EXIT_GRACE_MS);
  }

  #exit(grace: number): void {
    if (this.#state === "exiting" || this.#state === "exited") return;
    this.#state = "exiting";
    clearTimeout(this.#timer);
    this.#control?.end();
    this.#lanes.closeIdle();
    this.#termination.begin(grace, () => this.#signal());
  }

  /** Returns SIGABRT after an interrupt in vain, because it makes Python print the stacks of all threads; else SIGTERM. */
  #signal(): NodeJS.Signals {
    return this.interrupts.any ? "SIGABRT" : "SIGTERM";
  }

  #startTimedOut(): void {
    this.#state = "exiting";
    this.#stderrTail.timedOut();
    this.#termination.begin(0, () => "SIGABRT");
  }
}
