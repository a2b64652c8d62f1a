/** The request lanes of one process: which are free, busy or stuck. Knows connections; knows no process. */
import type { Duplex } from "node:stream";
import { type ConnectionOwner, FastcgiConnection } from "../fastcgi/connection.ts";

export class Lanes {
  readonly #all: readonly FastcgiConnection[];
  readonly #free: FastcgiConnection[] = [];
  /** Lanes whose thread was interrupted and has not ended its request since, each with the timer of `markStuck()`. */
  readonly #stuck: Map<FastcgiConnection, NodeJS.Timeout> = new Map();

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

  get stuck(): number {
    return this.#stuck.size;
  }

  /** True if no lane is busy, apart from stuck ones. The worker does not wait for those. */
  get isDrained(): boolean {
    return this.#all.every((lane) => !lane.busy || this.#stuck.has(lane));
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

  /** Marks a lane whose thread was interrupted. @param onTimeout is called if the request still runs after `grace` ms */
  markStuck(lane: FastcgiConnection, grace: number, onTimeout: () => void): void {
    this.#stuck.set(lane, setTimeout(onTimeout, grace));
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
