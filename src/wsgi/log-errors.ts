/** `wsgi.errors` (PEP 3333, "Input and Error Streams") on a logger. Knows lines and records; knows no request. */
import { type Level, type Logger, tagged } from "./log.ts";
import { RecordSplitter } from "./record-splitter.ts";
import type { ErrorStream } from "./types.ts";

/**
 * Logs each record after the id of the request: a traceback, or a line. The level is the one that the record names, else
 * error, because that is what the stream is for.
 */
export class LogErrors implements ErrorStream {
  readonly #logger: Logger;
  #id = "";
  /** Made by the first write: most requests log nothing. */
  #output: RecordSplitter | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Sets the id of the request, which precedes each record. */
  name(id: string): void {
    this.#id = id;
  }

  /** Logs a message about the request, after everything that the application has written so far. */
  note(level: Level, message: string): void {
    this.flush();
    this.#logger[level](tagged(this.#id, message));
  }

  write(text: string): void {
    this.#output ??= new RecordSplitter("error", (level, record) => this.#logger[level](tagged(this.#id, record)));
    this.#output.push(String(text));
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line);
  }

  /** Logs the unfinished line, if any, and what is held back because the next line may belong to it. */
  flush(): void {
    this.#output?.flush();
  }
}
