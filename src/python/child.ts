/** One child process and its streams. Knows child processes; knows no lane protocol and no request. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { forwardOutput, launch, type Output } from "./launch.ts";
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
/**
 * The most turns of the event loop in which the output of an exited process is read. A descendant that still holds the streams
 * may write without end. Each turn can read at least 64 KiB, and a socket buffers less than all turns together can read.
 */
const MAX_TURNS = 256;

export class Child {
  readonly #process: ChildProcess | undefined;
  readonly #events: ChildEvents;
  readonly #output: Output | undefined;

  constructor(settings: PythonAppSettings, events: ChildEvents) {
    this.#events = events;
    try {
      this.#process = launch(settings);
    } catch (error) {
      // ENOMEM, E2BIG, ENOTDIR, ELOOP and others: spawn() throws them. Only some of the system's errors come as events.
      process.nextTick(() => events.spawnFailed(error as Error));
      return;
    }
    this.#output = forwardOutput(this.#process, settings.logger, (line) => events.stderrLine(line));
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

  /** Node creates sockets for all "pipe" entries of `stdio`, although its types do not say so. */
  get #sockets(): readonly Socket[] {
    return (this.#process?.stdio ?? []).filter((stream) => stream !== null && stream !== undefined) as Socket[];
  }

  /** Does not wait for end of file: a descendant of the process may keep the other ends open. */
  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#events.childExited();
    const sockets = this.#sockets;
    whenQuiet(sockets, () => {
      for (const socket of sockets) socket.destroy();
      this.#output?.flush();
      this.#events.childClosed(code, signal);
    });
  }
}

/** Calls `done` after a turn of the event loop in which no socket received a byte: all output of the exited process is read. */
function whenQuiet(sockets: readonly Socket[], done: () => void): void {
  let previous = -1;
  let turns = 0;
  const check = (): void => {
    const read = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    turns += 1;
    if (read === previous || turns === MAX_TURNS) {
      done();
    } else {
      previous = read;
      setImmediate(check);
    }
  };
  setImmediate(check);
}
