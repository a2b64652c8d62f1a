/** A request that may end its process has the process to itself for a while. Knows one lane and a time; knows no process. */
import type { FastcgiConnection } from "../fastcgi/connection.ts";

/** A request that ends its process does so early; one that takes longer must not keep the process from others. */
export const ALONE_MS: number = 1_000;

export class Quarantine {
  readonly #over: () => void;
  #lane: FastcgiConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Until when a request that was given to the process may end it. */
  #riskUntil = 0;

  /** @param over is called when the process may take others, because the time is over */
  constructor(over: () => void) {
    this.#over = over;
  }

  /** The process is a request's alone. */
  get active(): boolean {
    return this.#lane !== undefined;
  }

  /** Every request of the process has been there for so long that it will hardly end it. */
  get settled(): boolean {
    return performance.now() >= this.#riskUntil;
  }

  /**
   * The process was given a request.
   *
   * @param alone it takes no other for now
   * @param others how many more requests wait for a process to themselves. The more they are, the shorter each of them has it,
   *   so that together they do not keep it from other clients for long
   */
  begin(lane: FastcgiConnection, alone: boolean, others: number): void {
    this.#riskUntil = performance.now() + ALONE_MS;
    if (!alone) return;
    this.#lane = lane;
    this.#timer = setTimeout(
      () => {
        this.#end();
        this.#over();
      },
      ALONE_MS / (1 + others),
    );
  }

  /** The request of this lane is over. */
  leave(lane: FastcgiConnection): void {
    if (lane === this.#lane) this.#end();
  }

  /** The process is gone. Whether its request was alone stays known. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#lane = undefined;
    this.#riskUntil = 0; // nobody else was let in
  }
}
