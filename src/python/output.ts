/** What a process writes to stdout and stderr, as records in the log. Knows streams; knows no process and no request. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Level, Logger } from "../wsgi/log.ts";
import { RecordSplitter } from "../wsgi/record-splitter.ts";
import { openPipes } from "./pipes.ts";

/** The level of lines that name none. */
const PLAIN: Readonly<Record<OutputName, Level>> = { stdout: "info", stderr: "warn" };

type OutputName = "stdout" | "stderr";

/**
 * The most turns of the event loop in which streams are read that may never be quiet, for example because a descendant of an
 * exited process writes without end. Each turn can read at least 64 KiB, and a stream buffers less than all turns can read.
 */
const MAX_TURNS = 256;

export class Output {
  readonly #logger: Logger;
  readonly #onStderrLine: (line: string) => void;
  readonly #splitters: RecordSplitter[] = [];
  /** The read ends of the pipes. The owner of the process destroys them, as it does the process's other streams. */
  readonly pipes: Socket[] = [];

  /** @param onStderrLine is called with each line of stderr, as soon as it is complete */
  constructor(logger: Logger, onStderrLine: (line: string) => void) {
    this.#logger = logger;
    this.#onStderrLine = onStderrLine;
  }

  /** Logs what the stream reads. */
  read(name: OutputName, stream: Readable | null): void {
    const onLine = name === "stderr" ? this.#onStderrLine : undefined;
    const splitter = new RecordSplitter(PLAIN[name], (level, record) => this.#logger[level](record), onLine);
    this.#splitters.push(splitter);
    stream
      ?.setEncoding("utf8")
      .on("data", (text: string) => splitter.push(text))
      .on("end", () => splitter.flush())
      .on("error", () => undefined); // the log then misses the rest of the output
  }

  /**
   * Opens the pipes that the process offers instead of its first streams. See python/wsgi_bridge/pipes.py.
   *
   * @param sockets the streams that the process has used so far. The answer waits until they are read, so that the log keeps
   *   the order
   * @param answer is called with true if the process can write to the pipes
   */
  replace(offer: ReadonlyMap<string, string>, sockets: readonly Socket[], answer: (opened: boolean) => void): void {
    const pipes = openPipes(offer);
    for (const [name, pipe] of pipes ?? []) {
      this.pipes.push(pipe);
      this.read(name as OutputName, pipe);
    }
    whenQuiet(sockets, () => answer(pipes !== undefined));
  }

  /** Logs what is unfinished. Called when no more output will come. */
  flush(): void {
    for (const splitter of this.#splitters) splitter.flush();
  }
}

/** Calls `done` after a turn of the event loop in which no socket received a byte: all that was written before is read. */
export function whenQuiet(sockets: readonly Socket[], done: () => void): void {
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
