/** A logger that keeps its lines in memory and lets a test wait for one. */
import type { Logger } from "../../src/index.ts";

type Level = keyof Logger;

export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  /** The same messages with their levels. */
  readonly records: [level: Level, message: string][] = [];
  readonly #waiters: { text: string; resolve: (line: string) => void }[] = [];

  info = (message: string): void => this.#record("info", message);
  warn = (message: string): void => this.#record("warn", message);
  error = (message: string): void => this.#record("error", message);

  get text(): string {
    return this.lines.join("\n");
  }

  /** Resolves with the first message that contains this text, past or future. */
  said(text: string): Promise<string> {
    const line = this.lines.find((one) => one.includes(text));
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiters.push({ text, resolve }));
  }

  /** Resolves with the first line that contains this text, without the other lines of its message. */
  async saidLine(text: string): Promise<string> {
    const lines = (await this.said(text)).split("\n");
    return lines.find((line) => line.includes(text)) ?? "";
  }

  #record(level: Level, message: string): void {
    this.records.push([level, message]);
    this.lines.push(message);
    for (const { text, resolve } of this.#waiters) if (message.includes(text)) resolve(message);
  }
}
