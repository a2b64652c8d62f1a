/** A `ResponseSink` over Node's own response, HTTP/1 and HTTP/2. Knows back-pressure and header merging; knows nothing of WSGI. */
import type { ServerResponse } from "node:http";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { leavesMuchUnread } from "./body.ts";
import { breakOff, closeAfter, isHttp2, setHeaders } from "./response.ts";
import { Room } from "./room.ts";

/** `compression` gives the response a `flush` of its own: what is written so far goes out now. */
type Flushable = ServerResponse & { flush?: () => void };

export class NodeSink implements ResponseSink {
  readonly #res: Flushable;
  #room: Room | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
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
    const res = this.#res;
    const more = res.write(block);
    if (Object.hasOwn(res, "flush")) res.flush?.(); // not the inherited one: Node's deprecated name of flushHeaders()
    if (more) return undefined;
    this.#room ??= new Room(res);
    return this.#room.wait();
  }

  end(block?: Uint8Array): void {
    if (block === undefined) this.#res.end();
    else this.#res.end(block);
  }

  abort(): void {
    breakOff(this.#res);
  }
}
