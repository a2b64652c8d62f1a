/** One CPython process: its birth, its lanes, its end. Knows how to start and to stop it; knows no request and no other process. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { InterpreterError, type StartError } from "../errors.ts";
import { type ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";
import { LineSplitter } from "../wsgi/log.ts";
import { askReady } from "./handshake.ts";
import type { PythonAppSettings } from "./settings.ts";

/** Run as a folder: its `__main__.py` is the worker. The same place seen from `src` and from `dist`. */
const WORKER_PROGRAM: string = fileURLToPath(new URL("../../python/wsgi_bridge", import.meta.url));

/** What the pool wants to know of a process. */
export interface WorkerEvents {
  /** The application is loaded. */
  ready(worker: Worker): void;
  /** A lane can take a request. */
  idle(worker: Worker): void;
  /** The process is gone; `failure` if it never became ready. Comes once, last. */
  exited(worker: Worker, how: string, failure: StartError | undefined): void;
}

/**     starting ──ready──▶ ready ──stop() or a lost lane──▶ leaving ──▶ exited        from each: ──exit──▶ exited */
type State = "starting" | "ready" | "leaving" | "exited";

/** How long a process that was asked to end may take before it is terminated, and then until it is killed. */
const LEAVE_MS = 5_000;
const TERMINATE_MS = 2_000;
const LAST_WORDS_MS = 1_000;
/** The lines of stderr that go into the error of a process that could not start. */
const STDERR_TAIL = 20;
const FIRST_LANE = 4;

export class Worker implements ConnectionOwner {
  readonly #settings: PythonAppSettings;
  readonly #events: WorkerEvents;
  readonly #child: ChildProcess;
  readonly #control: Duplex | undefined;
  readonly #lanes: FastcgiConnection[];
  readonly #free: FastcgiConnection[] = [];
  readonly #stderrTail: string[] = [];
  #state: State = "starting";
  #failure: StartError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #readySince = Number.POSITIVE_INFINITY;

  constructor(settings: PythonAppSettings, events: WorkerEvents) {
    this.#settings = settings;
    this.#events = events;
    const lanes = Array.from({ length: settings.threads }, (_, lane) => FIRST_LANE + lane);
    const { target, threads, processes } = settings;
    this.#child = spawn(settings.python, [WORKER_PROGRAM, target, String(threads), String(processes)], {
      cwd: settings.directory,
      env: settings.env,
      stdio: ["ignore", "pipe", "pipe", "pipe", ...lanes.map(() => "pipe" as const)],
    });
    this.#child.on("error", (error) => this.#cannotRun(error)).on("exit", (code, signal) => this.#reap(code, signal));
    const { stdio } = this.#child;
    this.#control = (stdio[3] as Duplex | null) ?? undefined;
    this.#lanes =
      this.#control === undefined ? [] : lanes.map((fd) => new FastcgiConnection(stdio[fd] as Duplex, this));
    this.#forward(stdio[1] as Readable | null, (line) => settings.logger.info(line));
    this.#forward(stdio[2] as Readable | null, (line) => this.#stderr(line));
    if (this.#control !== undefined) {
      askReady(this.#control, settings).then(
        () => this.#ready(),
        (error) => this.#fail(error),
      );
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** How many more requests it can take now. */
  get freeLanes(): number {
    return this.#state === "ready" ? this.#free.length : 0;
  }

  /** How many requests it is at. */
  get busyLanes(): number {
    let busy = 0;
    for (const lane of this.#lanes) if (lane.busy) busy += 1;
    return busy;
  }

  /** Milliseconds since it became ready; 0 before. */
  get age(): number {
    return Math.max(0, performance.now() - this.#readySince);
  }

  /** A lane that is free, taken out of the free ones: it comes back by itself when its request is over. */
  takeLane(): FastcgiConnection {
    const lane = this.#free.pop();
    if (lane === undefined) throw new RangeError("takeLane() needs a free lane; look at freeLanes first");
    return lane;
  }

  /** Asks the process to end after the requests that it has; then terminates, then kills it. */
  stop(): void {
    if (this.#state === "leaving" || this.#state === "exited") return;
    this.#state = "leaving";
    this.#control?.end();
    for (const lane of this.#lanes) if (!lane.busy) lane.close();
    this.#timer = setTimeout(() => {
      this.#child.kill("SIGTERM");
      this.#timer = setTimeout(() => this.#child.kill("SIGKILL"), TERMINATE_MS);
    }, LEAVE_MS);
  }

  idle(lane: FastcgiConnection): void {
    if (this.#state === "ready") this.#free.push(lane);
    else lane.close();
    this.#events.idle(this);
  }

  /** A process that loses one lane is not to be trusted with another request. */
  closed(): void {
    this.stop();
  }

  #ready(): void {
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.#readySince = performance.now();
    this.#free.push(...this.#lanes);
    this.#events.ready(this);
  }

  #fail(error: StartError | undefined): void {
    if (this.#state === "starting") this.#failure ??= error;
    this.stop();
  }

  #cannotRun(error: Error): void {
    const { python } = this.#settings;
    this.#failure = new InterpreterError(
      `the Python interpreter "${python}" cannot be run (${(error as NodeJS.ErrnoException).code}); install Python 3.8 or later, or name another with the option python or virtualenv`,
      { cause: error },
    );
    if (this.#child.pid === undefined) this.#exit(null, null); // no process, so no other event comes
  }

  #stderr(line: string): void {
    if (this.#state === "starting" && this.#stderrTail.push(line) > STDERR_TAIL) this.#stderrTail.shift();
    this.#settings.logger.error(line);
  }

  #forward(stream: Readable | null, log: (line: string) => void): void {
    const lines = new LineSplitter(log);
    stream
      ?.setEncoding("utf8")
      .on("data", (text: string) => lines.push(text))
      .on("end", () => lines.flush());
  }

  /** A process that never became ready may have said why: its last words are read first. */
  #reap(code: number | null, signal: NodeJS.Signals | null): void {
    const exit = (): void => this.#exit(code, signal);
    if (Number.isFinite(this.#readySince)) {
      exit();
    } else {
      this.#child.on("close", exit);
      setTimeout(exit, LAST_WORDS_MS); // a child of its own may hold stderr open for ever
    }
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#state === "exited") return;
    const wasReady = Number.isFinite(this.#readySince);
    this.#state = "exited";
    clearTimeout(this.#timer);
    // Processes that the application forked may hold its ends of the lanes open.
    for (const lane of this.#lanes) lane.destroy(new Error("the Python process ended"));
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    if (!wasReady) this.#failure ??= this.#endedEarly(how);
    this.#events.exited(this, how, this.#failure);
  }

  #endedEarly(how: string): InterpreterError {
    const said = this.#stderrTail.length === 0 ? "it wrote nothing to stderr" : this.#stderrTail.join("\n");
    return new InterpreterError(
      `the Python interpreter "${this.#settings.python}" ended ${how} before it had loaded ${this.#settings.target}: ${said}`,
    );
  }
}
