/** A worker process that a template forks. Knows its template; knows no request. */
import type { ChildProcess } from "node:child_process";
import type { StartError } from "../errors.ts";
import { Child, type ChildEvents } from "./child.ts";
import type { PythonAppSettings } from "./settings.ts";

/** What a forked process needs of its template. */
export interface ForkingTemplate {
  /** Sends a signal to the worker, if it still runs. */
  signal(worker: number, signal: NodeJS.Signals): void;
  /** Kills the template, and with it all its workers. */
  killAll(): void;
  /** The worker has ended, or was never forked. */
  left(worker: number): void;
  /** Calls `done` when the application is loaded; not if the template ends before. */
  whenLoaded(done: () => void): void;
}

/** How long the template may take to report the end of a process that it has killed. */
const REPORT_MS = 5_000;
/** How long a process may outlive its template. On Linux the kernel kills it at once. */
const ORPHAN_MS = 10_000;

/**
 * What Node launches is a program that hands the descriptors over to the template and ends. Node's ends of the lanes, of stdout
 * and of stderr then lead to the forked process.
 */
export class ForkedChild extends Child {
  readonly #template: ForkingTemplate;
  readonly #worker: number;
  #timer: NodeJS.Timeout | undefined;
  #hasLeft = false;

  /** @param worker the number that the template and Node give the process */
  constructor(
    settings: PythonAppSettings,
    events: ChildEvents,
    { template, worker, launch }: { template: ForkingTemplate; worker: number; launch: () => ChildProcess },
  ) {
    super(settings, events, launch);
    this.#template = template;
    this.#worker = worker;
  }

  /** Not known here: the process says it on its control lane. */
  override get pid(): undefined {
    return undefined;
  }

  override kill(signal: NodeJS.Signals): void {
    this.#template.signal(this.#worker, signal);
    if (signal === "SIGKILL") this.#timer ??= setTimeout(() => this.#template.killAll(), REPORT_MS);
  }

  /** The process has ended. */
  ended(how: string): void {
    if (!this.#leave()) return;
    this.events.childExited();
    this.close(how);
  }

  /** The process could not be forked. @param code a system error such as "EAGAIN" */
  forkFailed(code: string): void {
    this.launchFailed(Object.assign(new Error(code), { code }));
  }

  /** The template has ended, and the process with it. @param failure is set if the template never loaded the application */
  templateEnded(how: string, failure: StartError | undefined): void {
    if (!this.#leave()) return;
    if (failure !== undefined) this.events.loadFailed(failure);
    this.events.childExited();
    this.#whenGone(() => this.close(how));
  }

  protected override launchFailed(error: Error): void {
    if (this.#leave()) super.launchFailed(error);
  }

  protected override launchedExited(code: number | null, signal: NodeJS.Signals | null): void {
    if (code === 0) return;
    // The descriptors were not handed over. If the template fails as well, its error says more.
    this.#template.whenLoaded(() => {
      if (this.#leave()) super.launchedExited(code, signal);
    });
  }

  /** @returns false if the process has left already */
  #leave(): boolean {
    if (this.#hasLeft) return false;
    this.#hasLeft = true;
    clearTimeout(this.#timer);
    this.#template.left(this.#worker);
    return true;
  }

  /** Waits for the end of the control lane, since nobody reports the exit of an orphan. */
  #whenGone(done: () => void): void {
    const [control] = this.lanes;
    if (control === undefined || control.closed) {
      done();
      return;
    }
    const settle = (): void => {
      clearTimeout(timer);
      control.off("close", settle);
      done();
    };
    const timer = setTimeout(settle, ORPHAN_MS);
    control.on("close", settle).end();
  }
}
