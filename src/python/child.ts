/** A process that Node started, and the streams between the two. Knows child processes; knows no lane's protocol and no request. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { forwardOutput, launch, type Output } from "./launch.ts";
import type { PythonAppSettings } from "./settings.ts";

export interface ChildEvents {
  /** A line that the process wrote to stderr. It is in the log already. */
  stderrLine(line: string): void;
  /** The process could not be started. Nothing else comes. */
  spawnFailed(error: Error): void;
  /** The process is gone. What it wrote may not be read yet. */
  gone(): void;
  /** Everything that the process wrote is read and logged, and its streams are closed. Comes once, last. */
  ended(code: number | null, signal: NodeJS.Signals | null): void;
}

/** The descriptor of the control lane; the other lanes follow. */
const CONTROL = 3;
/** A descendant that holds the streams may write without end. Each turn reads at least 64 KiB, and a socket holds less than this. */
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
      // ENOMEM, E2BIG, ENOTDIR, ELOOP and others: only some of the system's errors come as events.
      process.nextTick(() => events.spawnFailed(error as Error));
      return;
    }
    this.#output = forwardOutput(this.#process, settings.logger, (line) => events.stderrLine(line));
    // An error of a process that runs says that a signal could not be sent: the next one in its row may reach it.
    this.#process
      .on("error", (error) => {
        if (this.pid === undefined) events.spawnFailed(error);
      })
      .on("exit", (code, signal) => this.#exited(code, signal));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The control lane, then the other lanes; none where there is no process. */
  get lanes(): readonly Socket[] {
    return this.pid === undefined ? [] : (this.#process?.stdio.slice(CONTROL) as unknown as Socket[]);
  }

  /** Nothing happens if there is no process: Node's `kill()` would send the signal to the whole process group then. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) this.#process?.kill(signal);
  }

  /** All "pipes" that Node makes for a child are sockets; its types say less. */
  get #sockets(): readonly Socket[] {
    return (this.#process?.stdio ?? []).filter((stream) => stream !== null && stream !== undefined) as Socket[];
  }

  /** A descendant of the process may hold the other ends: then no end of file comes, and nothing more is worth waiting for. */
  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#events.gone();
    const sockets = this.#sockets;
    whenQuiet(sockets, () => {
      for (const socket of sockets) socket.destroy();
      this.#output?.flush();
      this.#events.ended(code, signal);
    });
  }
}

/** Calls back after a whole turn of the event loop in which no socket brought a byte: all that the dead process wrote is read. */
function whenQuiet(sockets: readonly Socket[], done: () => void): void {
  let before = -1;
  let turns = 0;
  const look = (): void => {
    const read = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    turns += 1;
    if (read === before || turns === MAX_TURNS) {
      done();
    } else {
      before = read;
      setImmediate(look);
    }
  };
  setImmediate(look);
}
