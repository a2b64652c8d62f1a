/** Reserves a process for a while for one request that may crash it. Knows one lane and a time; knows no process. */
import type { FastcgiConnection } from "../fastcgi/connection.ts";

/** How long a process is reserved. A request that crashes it usually does so early, and a long request must not block others. */
export const QUARANTINE_MS: number = 1_000;

export class Quarantine {
  readonly #onTimeout: () => void;
  #lane: FastcgiConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Until this time, a running request may still be one that crashes the process. */
  #riskUntil = 0;

  /** @param onTimeout is called when the time is over and the process may take other requests */
  constructor(onTimeout: () => void) {
    this.#onTimeout = onTimeout;
  }

  /** True while the process is reserved for one request. */
  get active(): boolean {
    return this.#lane !== undefined;
  }

  /** True if every running request has run for so long that it is unlikely to crash the process. */
  get settled(): boolean {
    return performance.now() >= this.#riskUntil;
  }

  /**
   * Called when the process receives a request.
   *
   * @param alone true to reserve the process for this request
   * @param others how many more requests wait for a reserved process. They share the time, so that together they do not delay
   *   other clients for long
   */
  begin(lane: FastcgiConnection, alone: boolean, others: number): void {
    this.#riskUntil = performance.now() + QUARANTINE_MS;
    if (!alone) return;
    this.#lane = lane;
    this.#timer = setTimeout(
      () => {
        this.#end();
        this.#onTimeout();
      },
      QUARANTINE_MS / (1 + others),
    );
  }

  /** Called when the request of a lane has ended. */
  requestEnded(lane: FastcgiConnection): void {
    if (lane === this.#lane) this.#end();
  }

  /** Called when the process has exited. `active` keeps its value: it tells whether the request was alone at the crash. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#lane = undefined;
    this.#riskUntil = 0; // no other request is running in the process
  }
}
