/** A `ResponseSink` over Node's response, HTTP/1 or HTTP/2. Knows back-pressure and header merging; knows no WSGI. */
import type { ServerResponse } from "node:http";
import { abortResponse, closeConnectionAfter, isHttp2, setHeaders } from "../node/response.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { hasLargeUnreadBody } from "./declared-body.ts";
import { DrainWaiter } from "./drain-waiter.ts";
import { isFlushed, type SendTimeout, type SendTimeoutListener } from "./send-timeout.ts";
import { SliceWriter } from "./slice-writer.ts";

/** `compression` adds a method `flush()` to the response, which sends the data that was written so far. */
type Flushable = ServerResponse & { flush?: () => void };

const EMPTY: Uint8Array = new Uint8Array(0);

export class NodeSink implements ResponseSink {
  readonly #res: Flushable;
  readonly #sendTimeout: SendTimeout | undefined;
  sendTimeoutListener: SendTimeoutListener | undefined;
  #drain: DrainWaiter | undefined;
  /** A block was written before `end()`. It may still be in the socket's buffer. */
  #hasWritten = false;
  #sliceWriter: SliceWriter | undefined;

  constructor(res: ServerResponse, sendTimeout?: SendTimeout) {
    this.#res = res;
    this.#sendTimeout = sendTimeout;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    const res = this.#res;
    setHeaders(res, headers);
    if (hasLargeUnreadBody(res.req)) closeConnectionAfter(res);
    res.statusCode = code;
    if (isHttp2(res)) {
      res.writeHead(code); // HTTP/2 has no reason phrase; Node prints a warning for one
      return;
    }
    res.statusMessage = reason;
    // Not left to `end()`: if head and body were written together, Node would decode Content-Disposition again, as UTF-8.
    // Without a headers argument: Node and middleware (on-headers) would lose fields when they merge it.
    res.writeHead(code, reason);
  }

  write(block: Uint8Array): Promise<void> | undefined {
    if (this.#mustSlice(block)) return this.#sliceWriter?.write(block);
    if (this.#writeNow(block)) return undefined;
    this.#sendTimeout?.watch(this.#res, this.sendTimeoutListener);
    this.#drain ??= new DrainWaiter(this.#res);
    return this.#drain.wait();
  }

  end(block?: Uint8Array): void {
    const res = this.#res;
    if (this.#mustSlice(block ?? EMPTY)) {
      this.#sliceWriter?.end(block ?? EMPTY);
      return;
    }
    if (block === undefined) res.end();
    else res.end(block);
    if (res.writableFinished || (!this.#hasWritten && isFlushed(res))) return;
    this.#sendTimeout?.watch(res, this.sendTimeoutListener);
  }

  abort(): void {
    abortResponse(this.#res);
  }

  #writeNow(block: Uint8Array): boolean {
    const res = this.#res;
    this.#hasWritten = true;
    const hasRoom = res.write(block);
    if (Object.hasOwn(res, "flush")) res.flush?.(); // not the inherited `flush()`, which is Node's deprecated flushHeaders()
    return hasRoom;
  }

  /** Whether the `SliceWriter` must write the block: on HTTP/2, if it is large or an earlier one is not yet written. */
  #mustSlice(block: Uint8Array): boolean {
    if (!isHttp2(this.#res)) return false;
    this.#drain ??= new DrainWaiter(this.#res);
    this.#sliceWriter ??= new SliceWriter(
      { write: (slice) => this.#writeNow(slice), end: () => this.#res.end() },
      this.#drain,
    );
    if (!this.#sliceWriter.mustSlice(block)) return false;
    this.#sendTimeout?.watch(this.#res, this.sendTimeoutListener);
    return true;
  }
}
