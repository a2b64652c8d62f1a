/** Ends connections whose clients take nothing of what waits for them. Knows sockets and streams; knows nothing of a response. */
import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { Deadlines, type Timed } from "../node/deadlines.ts";
import { isHttp2 } from "../node/response.ts";

/** So many times within the timeout it is looked whether a client has taken something. */
const CHECKS = 4;

/** Hears that a client was cut off. */
export interface SlowClientListener {
  /** @param timeout milliseconds in which the client took nothing */
  cutOff(timeout: number): void;
}

/** One for all responses of a middleware, on one timer. */
export class SendTimeout {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #watched: WeakSet<ServerResponse> = new WeakSet();

  /** @param timeout milliseconds, infinite for no limit */
  constructor(timeout: number) {
    this.#deadlines = new Deadlines(timeout / CHECKS, { background: true });
    this.#timeout = timeout;
  }

  /** From now on until the response is closed: the client lags. May be called again. */
  watch(res: ServerResponse, listener: SlowClientListener | undefined): void {
    if (this.#watched.has(res) || isGone(res)) return;
    this.#watched.add(res);
    const watched = new Watched(res, this.#deadlines, () => listener?.cutOff(this.#timeout));
    this.#deadlines.add(watched);
    res.once("close", () => this.#deadlines.delete(watched));
  }

  /** The same from the response's end on, if the client has not taken it by then. For one that a framework sends. */
  watchEnd(res: ServerResponse, listener: SlowClientListener | undefined): void {
    if (isHttp2(res))
      this.watch(res, listener); // it does not tell of its end
    else res.once("prefinish", () => res.writableFinished || this.watch(res, listener));
  }
}

/**
 * True if the system has taken a whole response that was written in one piece, so that nothing waits for its client. False where
 * that cannot be known at once: over TLS and HTTP/2, behind middleware that holds the end back, before the response has its socket.
 */
export function isTaken(res: ServerResponse): boolean {
  if (isHttp2(res) || !res.writableEnded) return false;
  const { _handle: handle } = (res.socket ?? {}) as { _handle?: Handle | null };
  return handle?.writeQueueSize === 0 && handle._parent === undefined;
}

class Watched implements Timed {
  since: number = performance.now();
  readonly #res: ServerResponse;
  readonly #deadlines: Deadlines;
  readonly #ended: () => void;
  readonly #progress: Progress;
  /** How many times in a row the client had taken nothing. */
  #idle = 0;

  constructor(res: ServerResponse, deadlines: Deadlines, ended: () => void) {
    this.#res = res;
    this.#deadlines = deadlines;
    this.#ended = ended;
    this.#progress = isHttp2(res) ? new StreamProgress(res) : new SocketProgress(res.req.socket);
  }

  /** A look, not the end: that comes after some of them. */
  expire(): void {
    if (isGone(this.#res)) return;
    this.#idle = this.#progress.hasMoved() ? 0 : this.#idle + 1;
    if (this.#idle < CHECKS) {
      this.since = performance.now();
      this.#deadlines.add(this);
      return;
    }
    this.#ended();
    const res: object = this.#res;
    if (isHttp2(res)) {
      res.stream.close(constants.NGHTTP2_CANCEL);
      res.stream.destroy(); // nothing more is sent on a connection that takes nothing, so the reset alone would end nothing
    } else {
      this.#res.req.socket.destroy();
    }
  }
}

function isGone(res: ServerResponse): boolean {
  return isHttp2(res) ? res.stream.destroyed : res.destroyed;
}

interface Progress {
  /** True if the client has taken something since the last call, or nothing waits for it. */
  hasMoved(): boolean;
}

/** What Node's handle of a connection counts. */
interface Handle {
  /** Bytes that were given to it, and those of them that the system has not taken. */
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
  /** That of the connection below TLS. */
  readonly _parent?: Handle;
}

/**
 * `writableLength` changes when a write has ended, and a block of 20 MB is one write: a client that takes it slowly would seem to
 * take nothing. What the system has taken of it, Node's private handle alone tells. Node's own `socket.setTimeout()` looks there, too,
 * but every byte that the client sends begins its time anew, and it belongs to the server's owner.
 */
class SocketProgress implements Progress {
  readonly #socket: Socket;
  #taken: number;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#taken = takenBy(socket);
  }

  hasMoved(): boolean {
    const before = this.#taken;
    this.#taken = takenBy(this.#socket);
    return this.#taken !== before || this.#socket.writableLength === 0;
  }
}

/** Bytes that the system has taken of a connection; where the handle does not tell, those of writes that have ended. NaN for none. */
function takenBy(socket: Socket): number {
  const { _handle: own } = socket as { _handle?: Handle | null };
  const { bytesWritten, writeQueueSize } = own?._parent ?? own ?? {};
  if (typeof bytesWritten === "number" && typeof writeQueueSize === "number") return bytesWritten - writeQueueSize;
  return socket.bytesWritten - socket.writableLength;
}

/** A stream tells of each write when it is taken: `NodeSink` makes them small. */
class StreamProgress implements Progress {
  readonly #res: Http2ServerResponse;
  #waits: number;
  #drained = false;

  constructor(res: Http2ServerResponse) {
    this.#res = res;
    this.#waits = res.stream.writableLength;
    res.on("drain", () => {
      this.#drained = true;
    });
  }

  hasMoved(): boolean {
    const before = this.#waits;
    this.#waits = this.#res.stream.writableLength;
    const moved = this.#drained || this.#waits < before || this.#waits === 0;
    this.#drained = false;
    return moved;
  }
}
