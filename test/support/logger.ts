/** A logger that keeps its lines in memory and lets a test wait for one. */
import type { Logger } from "../../src/index.ts";

export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  readonly #waiters: { text: string; resolve: (line: string) => void }[] = [];

  info = (message: string): void => this.#record(message);
  warn = (message: string): void => this.#record(message);
  error = (message: string): void => this.#record(message);

  get text(): string {
    return this.lines.join("\n");
  }

  /** Resolves with the first line that contains this text, past or future. */
  said(text: string): Promise<string> {
    const line = this.lines.find((one) => one.includes(text));
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.#waiters.push({ text, resolve }));
  }

  #record(message: string): void {
    this.lines.push(message);
    for (const { text, resolve } of this.#waiters) if (message.includes(text)) resolve(message);
  }
}
