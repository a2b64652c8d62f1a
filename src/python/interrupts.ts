/** Interrupts the threads of one process, and knows which of them go on regardless. Knows lanes; knows no process. */
import type { FastcgiConnection } from "../fastcgi/connection.ts";
import type { ControlLane } from "./control.ts";
import type { Lanes } from "./lanes.ts";

/** How long a thread may take to end its request after an exception was raised in it. */
const GRACE_MS = 1_000;

/** Called when a thread has not ended its request in time. @param answered false if the process did not even answer */
export type OnStuck = (answered: boolean) => void;

export class Interrupts {
  readonly #lanes: Lanes;
  readonly #control: ControlLane | undefined;
  readonly #onStuck: OnStuck;
  /** The lanes whose thread was interrupted and may still end its request in time, each with the timer of its grace. */
  readonly #pending: Map<FastcgiConnection, NodeJS.Timeout> = new Map();
  readonly #stuck: Set<FastcgiConnection> = new Set();

  constructor(lanes: Lanes, control: ControlLane | undefined, onStuck: OnStuck) {
    this.#lanes = lanes;
    this.#control = control;
    this.#onStuck = onStuck;
  }

  /** How many threads have not ended their request in time after an interrupt. Nobody waits for these requests. */
  get stuck(): number {
    return this.#stuck.size;
  }

  /** Whether a thread was interrupted and has not ended its request. */
  get any(): boolean {
    return this.#pending.size + this.#stuck.size > 0;
  }

  /** How many threads can still serve requests. */
  get left(): number {
    return this.#lanes.count - this.#stuck.size;
  }

  /** Whether no request runs that somebody waits for. */
  get isDrained(): boolean {
    return this.#lanes.busy === this.#stuck.size;
  }

  /** Raises an exception in the lane's thread. See `ControlLane`. */
  begin(lane: FastcgiConnection, onStack: (stack: string) => void): void {
    if (!lane.busy) return;
    let answered = false;
    const timer = setTimeout(() => {
      this.#pending.delete(lane);
      this.#stuck.add(lane);
      this.#onStuck(answered);
    }, GRACE_MS);
    this.#pending.set(lane, timer);
    this.#control?.interrupt(this.#lanes.numberOf(lane), lane.requests, (stack) => {
      answered = true;
      onStack(stack);
    });
  }

  /** Called when a lane's request has ended. @returns whether its thread was stuck */
  end(lane: FastcgiConnection): boolean {
    clearTimeout(this.#pending.get(lane));
    this.#pending.delete(lane);
    return this.#stuck.delete(lane);
  }

  /** Called when the process has ended. */
  stop(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer);
  }
}
