/** One request of an HTTP/1 connection at a time, in order. Knows whose turn it is; knows nothing of what is answered. */
import type { ServerResponse } from "node:http";
import { Socket } from "node:net";

/** A request that waits behind another one of its connection. One of them is called, once. */
export interface Waiting {
  /** The responses before it are sent. */
  start(): void;
  /** The connection has ended: it is never answered. */
  withdraw(): void;
}

/**
 * Node parses what a client sends ahead without a bound. When so many requests of a connection wait, it is read no further. Nor is its
 * end heard then, before an answer is sent: hence so many, which no client sends that means well.
 */
const MOST_WAITING = 1_000;

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

  constructor(socket: Socket) {
    this.#socket = socket;
    // Responses without a socket do not hear of its end, and one listener for each would be too many.
    socket.on("close", () => {
      for (const waiting of this.#waiting) waiting.withdraw();
      this.#waiting.clear();
    });
    // Node resumes a connection whenever a response is through.
    socket.on("resume", () => this.#hold());
  }

  add(res: ServerResponse, waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#hold();
    // What `assignSocket()` tells, in all versions of Node that are supported, when the response before is sent.
    res.once("socket", () => {
      if (!this.#waiting.delete(waiting)) return;
      if (this.#waiting.size === MOST_WAITING - 1) this.#socket.resume();
      waiting.start();
    });
  }

  #hold(): void {
    if (this.#waiting.size >= MOST_WAITING) this.#socket.pause();
  }
}
