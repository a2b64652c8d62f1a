/** A `ResponseSink` over Node's own response, HTTP/1 and HTTP/2. Knows back-pressure and header merging; knows nothing of WSGI. */
import type { ServerResponse } from "node:http";
import { breakOff, closeAfter, isHttp2, setHeaders } from "../node/response.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { leavesMuchUnread } from "./body.ts";
import { DrainWaiter } from "./drain-waiter.ts";
import { isTaken, type SendTimeout, type SlowClientListener } from "./send-timeout.ts";
import { Slices } from "./slices.ts";

/** `compression` gives the response a `flush` of its own: what is written so far goes out now. */
type Flushable = ServerResponse & { flush?: () => void };

const NOTHING: Uint8Array = new Uint8Array(0);

export class NodeSink implements ResponseSink {
  readonly #res: Flushable;
  readonly #sendTimeout: SendTimeout | undefined;
  slowClient: SlowClientListener | undefined;
  #drain: DrainWaiter | undefined;
  /** A block was written before the end, and may wait in the socket's own buffer. */
  #wrote = false;
  #slices: Slices | undefined;

  constructor(res: ServerResponse, sendTimeout?: SendTimeout) {
    this.#res = res;
    this.#sendTimeout = sendTimeout;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    const res = this.#res;
    setHeaders(res, headers);
    if (leavesMuchUnread(res.req)) closeAfter(res);
    res.statusCode = code;
    if (isHttp2(res)) {
      res.writeHead(code); // HTTP/2 has no reason phrases, and Node warns of one
      return;
    }
    res.statusMessage = reason;
    // Called here, not left to `end()`: given a first block, Node would decode Content-Disposition again as UTF-8.
    // Without headers, since middleware (on-headers) and Node merge a header argument in ways that lose fields.
    res.writeHead(code, reason);
  }

  write(block: Uint8Array): Promise<void> | undefined {
    if (this.#isSliced(block)) return this.#slices?.write(block);
    if (this.#put(block)) return undefined;
    this.#sendTimeout?.watch(this.#res, this.slowClient);
    this.#drain ??= new DrainWaiter(this.#res);
    return this.#drain.wait();
  }

  end(block?: Uint8Array): void {
    const res = this.#res;
    if (this.#isSliced(block ?? NOTHING)) {
      this.#slices?.end(block ?? NOTHING);
      return;
    }
    if (block === undefined) res.end();
    else res.end(block);
    if (res.writableFinished || (!this.#wrote && isTaken(res))) return;
    this.#sendTimeout?.watch(res, this.slowClient);
  }

  abort(): void {
    breakOff(this.#res);
  }

  #put(block: Uint8Array): boolean {
    const res = this.#res;
    this.#wrote = true;
    const more = res.write(block);
    if (Object.hasOwn(res, "flush")) res.flush?.(); // not the inherited one: Node's deprecated name of flushHeaders()
    return more;
  }

  /** On HTTP/2 all blocks that are large, or come behind one of which a part is still to be written. */
  #isSliced(block: Uint8Array): boolean {
    if (!isHttp2(this.#res)) return false;
    this.#drain ??= new DrainWaiter(this.#res);
    this.#slices ??= new Slices({ write: (slice) => this.#put(slice), end: () => this.#res.end() }, this.#drain);
    if (!this.#slices.takes(block)) return false;
    this.#sendTimeout?.watch(this.#res, this.slowClient);
    return true;
  }
}
