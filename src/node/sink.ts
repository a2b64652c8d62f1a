/** A `ResponseSink` over Node's own response, HTTP/1 and HTTP/2. Knows back-pressure and header merging; knows nothing of WSGI. */
import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import { ClientDisconnectError } from "../errors.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";
import { leavesMuchUnread } from "./body.ts";

/** Fields of which middleware may have set some already, and ours come beside them. All others replace. */
const LISTS: ReadonlySet<string> = new Set(["link", "set-cookie", "vary", "www-authenticate"]);

/** `compression` gives the response a `flush` of its own: what is written so far goes out now. */
type Flushable = ServerResponse & { flush?: () => void };

export class NodeSink implements ResponseSink {
  readonly #res: Flushable;
  #wait: { resolve: () => void; reject: (reason: unknown) => void } | undefined;
  #listening = false;
  #sized = false;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  commit(code: number, reason: string, headers: HeaderList, length: number | undefined): void {
    const res = this.#res;
    this.#sized = length !== undefined;
    setHeaders(res, headers);
    if (leavesMuchUnread(res.req)) res.setHeader("Connection", "close");
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
    this.#listen();
    const room = new Promise<void>((resolve, reject) => {
      this.#wait = { resolve, reject };
    });
    room.catch(() => undefined); // after the last block nobody waits for room
    return room;
  }

  end(block?: Uint8Array): void {
    if (block === undefined) this.#res.end();
    else this.#res.end(block);
  }

  abort(): void {
    const res = this.#res;
    if (isHttp2(res)) {
      res.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    // A body that ends with the connection (HTTP/1.0) needs a reset: a mere close would look like its end.
    const closeDelimited = !this.#sized && !res.chunkedEncoding;
    if (closeDelimited && res.socket !== null && "resetAndDestroy" in res.socket) res.socket.resetAndDestroy();
    else res.destroy();
  }

  /** Once a response, not once a wait: `compression` gives `drain` listeners to its own stream and never takes one back. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#res.on("drain", () => this.#settle(undefined)).on("close", () => this.#settle(gone()));
  }

  #settle(error: Error | undefined): void {
    const wait = this.#wait;
    this.#wait = undefined;
    if (error === undefined) wait?.resolve();
    else wait?.reject(error);
  }
}

/** Node's compatibility API gives HTTP/2 the shape of HTTP/1; the types say nothing of it. */
function isHttp2(res: object): res is Http2ServerResponse {
  return "stream" in res;
}

/** In order of the list; a field that comes again is added, whatever its name. */
function setHeaders(res: ServerResponse, headers: HeaderList): void {
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (seen.has(key) || (LISTS.has(key) && res.hasHeader(key))) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(key);
  }
}

function gone(): ClientDisconnectError {
  return new ClientDisconnectError("the client closed the connection");
}
