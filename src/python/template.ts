/** A template: a process that loads the application once, and from which workers are forked. Knows no request and no slot. */
import type { StartError } from "../errors.ts";
import { Child, type ChildEvents } from "./child.ts";
import { ForkedChild, type ForkingTemplate } from "./forked.ts";
import { launchHandover, launchTemplate, StderrTail } from "./launch.ts";
import type { PythonAppSettings } from "./settings.ts";
import { type TemplateEvents, TemplateLane } from "./template-lane.ts";
import { Termination } from "./termination.ts";

/** How long the process may take to exit by itself after its control lane was closed. */
const EXIT_GRACE_MS = 5_000;

/**
 *     loading ──loaded──▶ forking ──retired, and no worker left──▶ exiting ──▶ exited
 *     loading ──failed, timeout, or retired──▶ exiting        any state ──process exits──▶ exited
 */
type TemplateState = "loading" | "forking" | "exiting" | "exited";

export class Template implements ForkingTemplate, TemplateEvents, ChildEvents {
  readonly #settings: PythonAppSettings;
  readonly #onExited: () => void;
  readonly #child: Child;
  readonly #control: TemplateLane | undefined;
  readonly #termination: Termination;
  readonly #stderrTail: StderrTail;
  readonly #timer: NodeJS.Timeout;
  /** By the number of the worker. */
  readonly #workers: Map<number, ForkedChild> = new Map();
  readonly #whenLoaded: (() => void)[] = [];
  #forks = 0;
  #state: TemplateState = "loading";
  #isLoaded = false;
  #isRetired = false;
  #failure: StartError | undefined;

  /** @param onExited is called as the last event, when the process has exited and its workers are told */
  constructor(settings: PythonAppSettings, onExited: () => void) {
    this.#settings = settings;
    this.#onExited = onExited;
    this.#stderrTail = new StderrTail(settings);
    this.#child = new Child(settings, this, () => launchTemplate(settings));
    this.#termination = new Termination(this.#child);
    const [control] = this.#child.lanes;
    this.#control = control && new TemplateLane(control, { settings, process: this.#child }, this);
    this.#timer = setTimeout(() => this.#startTimedOut(), settings.startTimeout);
  }

  /** True if workers can be forked from it, now or when it has loaded the application. */
  get isUsable(): boolean {
    return this.#state === "loading" || this.#state === "forking";
  }

  /** Forks a worker, as soon as the application is loaded. */
  fork(events: ChildEvents): Child {
    this.#forks += 1;
    const worker = this.#forks;
    const launch = (): ReturnType<typeof launchHandover> => {
      const [, handover] = this.#child.lanes;
      if (handover === undefined) throw new Error("the template was not started"); // which spawnFailed() reports first
      return launchHandover(this.#settings, worker, handover);
    };
    const child = new ForkedChild(this.#settings, events, { template: this, worker, launch });
    this.#workers.set(worker, child);
    return child;
  }

  /** Ends the process when its last worker has ended. It forks no more. */
  retire(): void {
    this.#isRetired = true;
    if (this.#state === "loading") this.#exit(0);
    else this.#exitIfUnused();
  }

  signal(worker: number, signal: NodeJS.Signals): void {
    this.#control?.signal(worker, signal);
  }

  killAll(): void {
    if (this.#state === "exited") return;
    this.#state = "exiting";
    this.#child.kill("SIGKILL");
  }

  left(worker: number): void {
    this.#workers.delete(worker);
    this.#exitIfUnused();
  }

  workerEnded(worker: number, how: string): void {
    this.#workers.get(worker)?.ended(how);
  }

  forkFailed(worker: number, code: string): void {
    this.#workers.get(worker)?.forkFailed(code);
  }

  loaded(): void {
    if (this.#state !== "loading") return;
    clearTimeout(this.#timer);
    this.#state = "forking";
    this.#isLoaded = true;
    for (const done of this.#whenLoaded.splice(0)) done();
  }

  whenLoaded(done: () => void): void {
    if (this.#isLoaded) done();
    else this.#whenLoaded.push(done);
  }

  loadFailed(error: StartError): void {
    this.#failure ??= error;
    this.#exit(EXIT_GRACE_MS);
  }

  disconnected(): void {
    this.#exit(EXIT_GRACE_MS);
  }

  forked(): void {
    throw new RangeError("a template is not forked");
  }

  exitRequested(): void {
    throw new RangeError("a template ends only when Node closes its control lane");
  }

  stderrLine(line: string): void {
    if (!this.#isLoaded) this.#stderrTail.push(line);
  }

  spawnFailed(error: Error): void {
    this.#failure = this.#stderrTail.spawnFailed(error);
    this.childExited();
    this.childClosed("");
  }

  childExited(): void {
    this.#state = "exited";
    clearTimeout(this.#timer);
    this.#termination.cancel();
  }

  childClosed(how: string): void {
    if (!this.#isLoaded) this.#failure ??= this.#stderrTail.endedEarly(how);
    const { logger, target } = this.#settings;
    const { pid } = this.#child;
    if (this.#isLoaded && !this.#isRetired) {
      logger.error(
        `${target}: Python process ${pid}, from which the others are forked, ended ${how}; they end with it`,
      );
    }
    for (const child of [...this.#workers.values()]) child.templateEnded(`with process ${pid}`, this.#failure);
    this.#onExited();
  }

  #exitIfUnused(): void {
    if (this.#isRetired && this.#workers.size === 0) this.#exit(EXIT_GRACE_MS);
  }

  #exit(grace: number): void {
    if (!this.isUsable) return;
    this.#state = "exiting";
    clearTimeout(this.#timer);
    this.#control?.end();
    this.#termination.begin(grace, () => "SIGTERM");
  }

  #startTimedOut(): void {
    this.#state = "exiting";
    this.#stderrTail.timedOut();
    this.#termination.begin(0, () => "SIGABRT");
  }
}
