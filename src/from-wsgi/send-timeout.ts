/** Closes connections whose clients accept no data for too long. Knows sockets and streams; knows no WSGI. */
import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { Deadlines, type Timed } from "../node/deadlines.ts";
import { isHttp2 } from "../node/response.ts";

/** How many times per timeout the progress of a client is checked. */
const CHECKS = 4;

/** Notified when a response is aborted because of the timeout. */
export interface SendTimeoutListener {
  /** @param timeout the milliseconds in which the client accepted no data */
  onSendTimeout(timeout: number): void;
}

/** Watches all responses of one `fromWsgi()` app with one timer. */
export class SendTimeout {
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #watched: WeakSet<ServerResponse> = new WeakSet();

  /** @param timeout in milliseconds; infinite for no limit */
  constructor(timeout: number) {
    this.#deadlines = new Deadlines(timeout / CHECKS, { background: true });
    this.#timeout = timeout;
  }

  /** Watches the response until it closes. Call it when data starts to wait for the client; further calls do nothing. */
  watch(res: ServerResponse, listener: SendTimeoutListener | undefined): void {
    if (this.#watched.has(res) || isClosed(res)) return;
    this.#watched.add(res);
    const watched = new WatchedResponse(res, this.#deadlines, () => listener?.onSendTimeout(this.#timeout));
    this.#deadlines.add(watched);
    res.once("close", () => this.#deadlines.delete(watched));
  }

  /** Watches a response that a framework sends, from its end on, unless all data has been flushed by then. */
  watchAfterEnd(res: ServerResponse, listener: SendTimeoutListener | undefined): void {
    if (isHttp2(res))
      this.watch(res, listener); // an HTTP/2 response does not emit `prefinish`
    else res.once("prefinish", () => res.writableFinished || this.watch(res, listener));
  }
}

/**
 * Whether the operating system has accepted all data of a response that was written in one piece, so that nothing waits for the
 * client. False if that cannot be known yet: over TLS and HTTP/2, if middleware delays the end, before a socket is assigned.
 */
export function isFlushed(res: ServerResponse): boolean {
  if (isHttp2(res) || !res.writableEnded) return false;
  const { _handle: handle } = (res.socket ?? {}) as { _handle?: Handle | null };
  return handle?.writeQueueSize === 0 && handle._parent === undefined;
}

class WatchedResponse implements Timed {
  since: number = performance.now();
  readonly #res: ServerResponse;
  readonly #deadlines: Deadlines;
  readonly #onTimeout: () => void;
  readonly #progress: Progress;
  /** How many checks in a row found that the client accepted nothing. */
  #idle = 0;

  constructor(res: ServerResponse, deadlines: Deadlines, onTimeout: () => void) {
    this.#res = res;
    this.#deadlines = deadlines;
    this.#onTimeout = onTimeout;
    this.#progress = isHttp2(res) ? new StreamProgress(res) : new SocketProgress(res.req.socket);
  }

  /** Checks the progress; aborts the response after `CHECKS` checks in a row without progress. */
  expire(): void {
    if (isClosed(this.#res)) return;
    this.#idle = this.#progress.hasProgressed() ? 0 : this.#idle + 1;
    if (this.#idle < CHECKS) {
      this.since = performance.now();
      this.#deadlines.add(this);
      return;
    }
    this.#onTimeout();
    const res: object = this.#res;
    if (isHttp2(res)) {
      res.stream.close(constants.NGHTTP2_CANCEL);
      res.stream.destroy(); // a stalled connection never sends the reset, so `close()` alone would not end the stream
    } else {
      this.#res.req.socket.destroy();
    }
  }
}

function isClosed(res: ServerResponse): boolean {
  return isHttp2(res) ? res.stream.destroyed : res.destroyed;
}

interface Progress {
  /** Whether the client has accepted data since the last call, or there is no data to accept. */
  hasProgressed(): boolean;
}

/** The counters of Node's internal handle of a connection. */
interface Handle {
  /** The number of bytes written to the handle. */
  readonly bytesWritten?: unknown;
  /** How many of these bytes the operating system has not accepted yet. */
  readonly writeQueueSize?: unknown;
  /** On a TLS connection: the handle of the TCP connection below it. */
  readonly _parent?: Handle;
}

/**
 * Measures the progress of a connection with the counters of Node's internal handle. `writableLength` is not enough: it
 * changes only when a write is complete, and a 20 MB block is one write, so a slow client would seem to accept nothing.
 * Node's `socket.setTimeout()` uses the handle, too, but every byte that the client sends restarts that timeout, and the user
 * of the server may set it for other purposes.
 */
class SocketProgress implements Progress {
  readonly #socket: Socket;
  #flushed: number;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#flushed = flushedBytes(socket);
  }

  hasProgressed(): boolean {
    const before = this.#flushed;
    this.#flushed = flushedBytes(this.#socket);
    return this.#flushed !== before || this.#socket.writableLength === 0;
  }
}

/** The bytes that the operating system has accepted; without a handle, those of completed writes; without any counter, NaN. */
function flushedBytes(socket: Socket): number {
  const { _handle: own } = socket as { _handle?: Handle | null };
  const { bytesWritten, writeQueueSize } = own?._parent ?? own ?? {};
  if (typeof bytesWritten === "number" && typeof writeQueueSize === "number") return bytesWritten - writeQueueSize;
  return socket.bytesWritten - socket.writableLength;
}

/** Measures the progress of an HTTP/2 stream by its completed writes. `SliceWriter` keeps these writes small. */
class StreamProgress implements Progress {
  readonly #res: Http2ServerResponse;
  #pendingBytes: number;
  #drained = false;

  constructor(res: Http2ServerResponse) {
    this.#res = res;
    this.#pendingBytes = res.stream.writableLength;
    res.on("drain", () => {
      this.#drained = true;
    });
  }

  hasProgressed(): boolean {
    const before = this.#pendingBytes;
    this.#pendingBytes = this.#res.stream.writableLength;
    const progressed = this.#drained || this.#pendingBytes < before || this.#pendingBytes === 0;
    this.#drained = false;
    return progressed;
  }
}
