/** Connections between two requests. Knows which is taken next and which is too old; opens and closes none. */
import type { Socket } from "node:net";
import type { Deadlines, Timed } from "../node/deadlines.ts";
import type { RemoteConnection } from "./protocol.ts";

/** A connection and its socket. */
export interface Link extends Timed {
  readonly connection: RemoteConnection;
  readonly socket: Socket;
  /** When its last request was over. */
  since: number;
  /** How often it has rested. */
  rests: number;
}

export class IdleConnections {
  readonly #deadlines: Deadlines;
  /** The last is taken first, so that what is not needed grows old. */
  readonly #links: Link[] = [];

  /** @param deadlines say how long a connection may rest; then its `expire` is called */
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

  /** Nothing happens if it is not there. */
  delete(link: Link): void {
    const at = this.#links.indexOf(link);
    if (at !== -1) this.#links.splice(at, 1);
    this.#deadlines.delete(link);
  }
}

/** Open both ways, and the server has taken what it was sent: a body that it did not read would be read as the next request. */
export function isWhole({ socket }: Link): boolean {
  return socket.writable && !socket.readableEnded && socket.writableLength === 0;
}
