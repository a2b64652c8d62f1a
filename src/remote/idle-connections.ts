/** Keeps the connections that have no request. Knows their order and their deadline; opens and closes none. */
import type { Socket } from "node:net";
import type { Deadlines, Timed } from "../node/deadlines.ts";
import type { RemoteConnection } from "./protocol.ts";

/** A connection and its socket. */
export interface Link extends Timed {
  readonly connection: RemoteConnection;
  readonly socket: Socket;
  /** When the last request on it ended. */
  since: number;
  /** How many times the connection became idle. */
  idleCount: number;
}

export class IdleConnections {
  readonly #deadlines: Deadlines;
  /** A stack: the last connection is taken first, so that surplus connections reach their deadline. */
  readonly #links: Link[] = [];

  /** @param deadlines call `expire` of a connection that has been idle for too long */
  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#links.length;
  }

  add(link: Link): void {
    this.#links.push(link);
    this.#deadlines.add(link);
  }

  take(): Link | undefined {
    const link = this.#links.pop();
    if (link !== undefined) this.#deadlines.delete(link);
    return link;
  }

  /** Does nothing if the connection is not idle. */
  delete(link: Link): void {
    const at = this.#links.indexOf(link);
    if (at !== -1) this.#links.splice(at, 1);
    this.#deadlines.delete(link);
  }
}

/** True if both directions are open and all bytes were sent. Unsent bytes of a body would look like the next request. */
export function isReusable({ socket }: Link): boolean {
  return socket.writable && !socket.readableEnded && socket.writableLength === 0;
}
