/** A `ResponseSink` over Node's own response. Knows back-pressure and header merging; knows nothing of WSGI. */
import type { ServerResponse } from "node:http";
import { ClientDisconnectError } from "../errors.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { HeaderList } from "../wsgi/types.ts";

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
    res.statusCode = code;
    if (res.req.httpVersionMajor > 1) {
      res.writeHead(code);
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
    const { socket } = this.#res;
    // A body that ends with the connection (HTTP/1.0) needs a reset: a mere close would look like its end.
    const closeDelimited = !this.#sized && !this.#res.chunkedEncoding && this.#res.req.httpVersionMajor === 1;
    if (closeDelimited && socket !== null && "resetAndDestroy" in socket) socket.resetAndDestroy();
    else this.#res.destroy();
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
