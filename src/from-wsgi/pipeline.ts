/** Runs the pipelined requests of an HTTP/1 connection one at a time, in order. Knows connections; knows no WSGI. */
import type { ServerResponse } from "node:http";
import { Socket } from "node:net";

/** A request that waits for the responses to earlier requests on its connection. Either `start` or `cancel` is called, once. */
export interface PipelinedRequest {
  /** Called when all earlier responses have been sent. */
  start(): void;
  /** Called when the connection has closed, so that no response can be sent. */
  cancel(): void;
  /** Called before the connection is closed because too many requests, `count`, wait on it. */
  overflow(count: number): void;
}

/**
 * The maximum number of requests that wait on a connection. Node parses every request that a client pipelines. Well-behaved
 * clients send fewer, so a connection with more is closed. Pausing the socket instead would hide its end, and requests of a
 * client that has disconnected would still start.
 */
const MAX_WAITING = 4_096;
/** The same limit in bytes. A parsed head needs several times its size in memory. */
const MAX_BYTES = 2 * 1024 * 1024;

const pipelines: WeakMap<Socket, Pipeline> = new WeakMap();

/**
 * Whether the response is the next one on its connection. Node assigns the socket to one response at a time, in the order of
 * the requests; the others have no socket. HTTP/2 responses, and responses without a real connection, never wait.
 */
export function hasTurn(res: ServerResponse): boolean {
  return res.socket !== null || !(res.req?.socket instanceof Socket) || "stream" in res;
}

/** Queues a request whose response is not the next one on its connection. */
export function awaitTurn(res: ServerResponse, request: PipelinedRequest): void {
  const { socket } = res.req;
  let pipeline = pipelines.get(socket);
  if (pipeline === undefined) {
    pipeline = new Pipeline(socket);
    pipelines.set(socket, pipeline);
  }
  pipeline.add(res, request);
}

class Pipeline {
  readonly #socket: Socket;
  readonly #waiting: Set<PipelinedRequest> = new Set();
  /** The value of `socket.bytesRead` when the first of the waiting requests arrived. */
  #bytesReadBefore = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    // A response without a socket gets no event when the connection closes, and one listener per response would be too many.
    socket.on("close", () => {
      for (const request of this.#waiting) request.cancel();
      this.#waiting.clear();
    });
  }

  add(res: ServerResponse, request: PipelinedRequest): void {
    if (this.#waiting.size === 0) this.#bytesReadBefore = this.#socket.bytesRead;
    this.#waiting.add(request);
    const isTooMuch = this.#waiting.size > MAX_WAITING || this.#socket.bytesRead - this.#bytesReadBefore > MAX_BYTES;
    if (isTooMuch && !this.#socket.destroyed) {
      request.overflow(this.#waiting.size);
      this.#socket.destroy();
    }
    // All supported versions of Node emit this event in `assignSocket()`, when the previous response has been sent.
    res.once("socket", () => {
      if (this.#waiting.delete(request)) request.start();
    });
  }
}
