/** One process and its streams. Knows child processes; knows no lane protocol and no request. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { StartError } from "../errors.ts";
import type { ControlledProcess } from "./control.ts";
import { logRecord } from "./log-record.ts";
import { Output, whenQuiet } from "./output.ts";
import type { PythonAppSettings } from "./settings.ts";

export interface ChildEvents {
  /** Called with each line that the process writes to stderr. The line is already in the log. */
  stderrLine(line: string): void;
  /** Called when the process could not be started. No other call follows. */
  spawnFailed(error: Error): void;
  /** Called when the process cannot start, because the process that it is forked from has not loaded the application. */
  loadFailed(error: StartError): void;
  /** Called when the process has exited. Its last output may still be unread. */
  childExited(): void;
  /**
   * Called once, as the last call: all output of the process is read and logged, and its streams are closed.
   *
   * @param how how the process ended, such as "with code 0" or "by SIGKILL"
   */
  childClosed(how: string): void;
}

/** The descriptor of the control lane; the request lanes follow. */
const CONTROL = 3;

export class Child implements ControlledProcess {
  protected readonly events: ChildEvents;
  readonly #process: ChildProcess | undefined;
  readonly #settings: PythonAppSettings;
  readonly #output: Output;

  /** @param launch starts the process. Its descriptor 3 and those that follow are lanes */
  constructor(settings: PythonAppSettings, events: ChildEvents, launch: () => ChildProcess) {
    this.events = events;
    this.#settings = settings;
    this.#output = new Output(settings.logger, (line) => events.stderrLine(line));
    try {
      this.#process = launch();
    } catch (error) {
      // ENOMEM, E2BIG, ENOTDIR, ELOOP and others: spawn() throws them. Only some of the system's errors come as events.
      process.nextTick(() => this.launchFailed(error as Error));
      return;
    }
    this.#output.read("stdout", this.#process.stdout);
    this.#output.read("stderr", this.#process.stderr);
    // An error event of a running process means that a signal could not be sent. The next signal may still arrive.
    this.#process
      .on("error", (error) => {
        if (this.#process?.pid === undefined) this.launchFailed(error);
      })
      .on("exit", (code, signal) => this.launchedExited(code, signal));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The control lane, then the request lanes; empty if the process could not be started. */
  get lanes(): readonly Socket[] {
    return this.#process?.pid === undefined ? [] : sockets(this.#process.stdio.slice(CONTROL));
  }

  /** Sends a signal. Does nothing if no process was started: Node's `kill()` would then signal Node's own process group. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) this.#process?.kill(signal);
  }

  outputOffered(offer: ReadonlyMap<string, string>, answer: (opened: boolean) => void): void {
    this.#output.replace(offer, this.#sockets, answer);
  }

  recordLogged(record: ReadonlyMap<string, string>): void {
    logRecord(this.#settings.logger, record);
  }

  protected launchFailed(error: Error): void {
    this.events.spawnFailed(error);
  }

  protected launchedExited(code: number | null, signal: NodeJS.Signals | null): void {
    this.events.childExited();
    this.close(signal === null ? `with code ${code}` : `by ${signal}`);
  }

  /** Reads what the exited process has sent. Does not wait for end of file: a descendant may keep the other ends open. */
  protected close(how: string): void {
    const open = this.#sockets;
    whenQuiet(open, () => {
      for (const socket of open) socket.destroy();
      this.#output.flush();
      this.events.childClosed(how);
    });
  }

  get #sockets(): readonly Socket[] {
    return [...sockets(this.#process?.stdio ?? []), ...this.#output.pipes];
  }
}

/** Node creates sockets for all "pipe" entries of `stdio`, although its types do not say so. The others are null. */
function sockets(stdio: readonly unknown[]): readonly Socket[] {
  return stdio.filter((stream) => stream !== null && stream !== undefined) as Socket[];
}
