/** Cuts a stream of text into lines, and joins these to records. Knows text and levels; knows no stream and no logger. */
import { type Level, LineSplitter } from "./log.ts";
import { LogRecords } from "./log-records.ts";

export class RecordSplitter {
  readonly #lines: LineSplitter;
  readonly #records: LogRecords;

  /**
   * @param plain the level of lines that name none
   * @param write is called with each record, a line or a traceback
   * @param onLine is called with each line as soon as it is complete
   */
  constructor(plain: Level, write: (level: Level, record: string) => void, onLine?: (line: string) => void) {
    this.#records = new LogRecords(plain, write);
    this.#lines = new LineSplitter((line) => {
      onLine?.(line);
      this.#records.push(line);
    });
  }

  push(text: string): void {
    this.#lines.push(text);
  }

  /** Writes the unfinished line, if any, and the lines that are held back because the next one may belong to them. */
  flush(): void {
    this.#lines.flush();
    this.#records.flush();
  }
}
