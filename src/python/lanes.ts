/** The request lanes of one process: which are free or busy. Knows connections; knows no process. */
import type { Duplex } from "node:stream";
import { type ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";

export class Lanes {
  readonly #all: readonly FastcgiConnection[];
  readonly #free: FastcgiConnection[] = [];

  constructor(streams: readonly Duplex[], owner: ConnectionOwner<FastcgiConnection>) {
    this.#all = streams.map((stream) => new FastcgiConnection(stream, owner));
  }

  /** How many lanes can take a request. */
  get free(): number {
    return this.#free.length;
  }

  /** How many lanes have a running request. */
  get busy(): number {
    let busy = 0;
    for (const lane of this.#all) if (lane.busy) busy += 1;
    return busy;
  }

  /** How many lanes there are, which is how many threads the process has. */
  get count(): number {
    return this.#all.length;
  }

  /** Makes all lanes available for requests. */
  open(): void {
    this.#free.push(...this.#all);
  }

  /** Returns a free lane, or undefined. The caller must give it back. */
  take(): FastcgiConnection | undefined {
    return this.#free.pop();
  }

  giveBack(lane: FastcgiConnection): void {
    this.#free.push(lane);
  }

  /** Returns the number that the process uses for the lane. */
  numberOf(lane: FastcgiConnection): number {
    return this.#all.indexOf(lane);
  }

  closeIdle(): void {
    for (const lane of this.#all) if (!lane.busy) lane.close();
  }

  destroy(reason: Error): void {
    for (const lane of this.#all) lane.destroy(reason);
  }
}
