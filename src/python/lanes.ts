/** The lanes of one process: which are free, which are busy, which are stuck. Knows connections; knows no process. */
import type { Duplex } from "node:stream";
import { type ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";

export class Lanes {
  readonly #all: readonly FastcgiConnection[];
  readonly #free: FastcgiConnection[] = [];
  /** Those whose thread was interrupted, and has not ended its request since; each with the timer of its patience. */
  readonly #stuck: Map<FastcgiConnection, NodeJS.Timeout> = new Map();

  constructor(streams: readonly Duplex[], owner: ConnectionOwner<FastcgiConnection>) {
    this.#all = streams.map((stream) => new FastcgiConnection(stream, owner));
  }

  /** How many can take a request. */
  get free(): number {
    return this.#free.length;
  }

  /** How many are at a request. */
  get busy(): number {
    let busy = 0;
    for (const lane of this.#all) if (lane.busy) busy += 1;
    return busy;
  }

  get stuck(): number {
    return this.#stuck.size;
  }

  /** Nothing is left to wait for: to wait for a stuck one is what nobody wants. */
  get quiet(): boolean {
    return this.#all.every((lane) => !lane.busy || this.#stuck.has(lane));
  }

  /** All of them can take requests from now on. */
  open(): void {
    this.#free.push(...this.#all);
  }

  /** A free lane, or undefined. It is to be given back. */
  take(): FastcgiConnection | undefined {
    return this.#free.pop();
  }

  giveBack(lane: FastcgiConnection): void {
    this.#free.push(lane);
  }

  /** The number by which the process knows a lane. */
  numberOf(lane: FastcgiConnection): number {
    return this.#all.indexOf(lane);
  }

  /** @param heedless is called if the lane is still at the same request after `patience` milliseconds */
  markStuck(lane: FastcgiConnection, patience: number, heedless: () => void): void {
    this.#stuck.set(lane, setTimeout(heedless, patience));
  }

  unmarkStuck(lane: FastcgiConnection): void {
    clearTimeout(this.#stuck.get(lane));
    this.#stuck.delete(lane);
  }

  closeIdle(): void {
    for (const lane of this.#all) if (!lane.busy) lane.close();
  }

  destroy(reason: Error): void {
    for (const timer of this.#stuck.values()) clearTimeout(timer);
    for (const lane of this.#all) lane.destroy(reason);
  }
}
