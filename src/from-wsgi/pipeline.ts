/** One request of an HTTP/1 connection at a time, in order. Knows whose turn it is; knows nothing of what is answered. */
import type { ServerResponse } from "node:http";
import { Socket } from "node:net";

/** A request that waits behind another one of its connection. One of them is called, once. */
export interface Waiting {
  /** The responses before it are sent. */
  start(): void;
  /** The connection has ended: it is never answered. */
  withdraw(): void;
  /** The connection is ended, because `count` requests wait on it. */
  tooMany(count: number): void;
}

/**
 * Node parses whatever a client sends ahead. No client that means well sends so much: its connection is ended. It could be read no
 * further instead, but then its end would not be heard either, and requests of a client that has left would start.
 */
const MOST_WAITING = 4_096;
/** The same limit in bytes. A parsed head costs several times its bytes in memory. */
const MOST_BYTES = 2 * 1024 * 1024;

const pipelines: WeakMap<Socket, Pipeline> = new WeakMap();

/**
 * True if the response is the next one on its connection. Node gives the socket to one response at a time, in the order of their
 * requests; the others have none. Responses over HTTP/2, and those that no connection is behind, wait for nobody.
 */
export function hasTurn(res: ServerResponse): boolean {
  return res.socket !== null || !(res.req?.socket instanceof Socket) || "stream" in res;
}

/** For a response that has not its turn. */
export function awaitTurn(res: ServerResponse, waiting: Waiting): void {
  const { socket } = res.req;
  let pipeline = pipelines.get(socket);
  if (pipeline === undefined) {
    pipeline = new Pipeline(socket);
    pipelines.set(socket, pipeline);
  }
  pipeline.add(res, waiting);
}

class Pipeline {
  readonly #socket: Socket;
  readonly #waiting: Set<Waiting> = new Set();
  /** How many bytes had been read from the connection when the first of them came. */
  #readBefore = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    // Responses without a socket do not hear of its end, and one listener for each would be too many.
    socket.on("close", () => {
      for (const waiting of this.#waiting) waiting.withdraw();
      this.#waiting.clear();
    });
  }

  add(res: ServerResponse, waiting: Waiting): void {
    if (this.#waiting.size === 0) this.#readBefore = this.#socket.bytesRead;
    this.#waiting.add(waiting);
    const isTooMuch = this.#waiting.size > MOST_WAITING || this.#socket.bytesRead - this.#readBefore > MOST_BYTES;
    if (isTooMuch && !this.#socket.destroyed) {
      waiting.tooMany(this.#waiting.size);
      this.#socket.destroy();
    }
    // What `assignSocket()` tells, in all versions of Node that are supported, when the response before is sent.
    res.once("socket", () => {
      if (this.#waiting.delete(waiting)) waiting.start();
    });
  }
}
