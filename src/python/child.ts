/** One child process and its streams. Knows child processes; knows no lane protocol and no request. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { ControlledProcess } from "./control.ts";
import { launch } from "./launch.ts";
import { logRecord } from "./log-record.ts";
import { Output, whenQuiet } from "./output.ts";
import type { PythonAppSettings } from "./settings.ts";

export interface ChildEvents {
  /** Called with each line that the process writes to stderr. The line is already in the log. */
  stderrLine(line: string): void;
  /** Called when the process could not be started. No other call follows. */
  spawnFailed(error: Error): void;
  /** Called when the process has exited. Its last output may still be unread. */
  childExited(): void;
  /** Called once, as the last call: all output of the process is read and logged, and its streams are closed. */
  childClosed(code: number | null, signal: NodeJS.Signals | null): void;
}

/** The descriptor of the control lane; the request lanes follow. */
const CONTROL = 3;

export class Child implements ControlledProcess {
  readonly #process: ChildProcess | undefined;
  readonly #events: ChildEvents;
  readonly #settings: PythonAppSettings;
  readonly #output: Output;

  constructor(settings: PythonAppSettings, events: ChildEvents) {
    this.#events = events;
    this.#settings = settings;
    this.#output = new Output(settings.logger, (line) => events.stderrLine(line));
    try {
      this.#process = launch(settings);
    } catch (error) {
      // ENOMEM, E2BIG, ENOTDIR, ELOOP and others: spawn() throws them. Only some of the system's errors come as events.
      process.nextTick(() => events.spawnFailed(error as Error));
      return;
    }
    this.#output.read("stdout", this.#process.stdout);
    this.#output.read("stderr", this.#process.stderr);
    // An error event of a running process means that a signal could not be sent. The next signal may still arrive.
    this.#process
      .on("error", (error) => {
        if (this.pid === undefined) events.spawnFailed(error);
      })
      .on("exit", (code, signal) => this.#exited(code, signal));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The control lane, then the request lanes; empty if the process could not be started. */
  get lanes(): readonly Socket[] {
    return this.pid === undefined ? [] : (this.#process?.stdio.slice(CONTROL) as unknown as Socket[]);
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

  /** Node creates sockets for all "pipe" entries of `stdio`, although its types do not say so. */
  get #sockets(): readonly Socket[] {
    const stdio = (this.#process?.stdio ?? []).filter((stream) => stream !== null && stream !== undefined) as Socket[];
    return [...stdio, ...this.#output.pipes];
  }

  /** Does not wait for end of file: a descendant of the process may keep the other ends open. */
  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#events.childExited();
    const sockets = this.#sockets;
    whenQuiet(sockets, () => {
      for (const socket of sockets) socket.destroy();
      this.#output.flush();
      this.#events.childClosed(code, signal);
    });
  }
}
