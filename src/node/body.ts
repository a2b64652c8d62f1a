/** The body of a Node request as a `ByteSource`. Knows streams and disconnects; knows nothing of WSGI's read methods. */
import type { IncomingMessage } from "node:http";
import { BodyConsumedError, ClientDisconnectError } from "../errors.ts";
import { BodyInput, type ByteSource, EMPTY_INPUT } from "../wsgi/input.ts";
import type { InputStream } from "../wsgi/types.ts";

/**
 * `wsgi.input` for a request.
 *
 * @throws BodyConsumedError when a middleware has read the body already
 */
export function requestInput(req: IncomingMessage): InputStream {
  if (!hasBody(req)) return EMPTY_INPUT;
  if (req.readableDidRead) {
    throw new BodyConsumedError(
      `the body of ${req.method} was read before the WSGI app could read it; mount the app before the body parser (express.json() and the like)`,
    );
  }
  return new BodyInput(new RequestBody(req));
}

/** RFC 9112 §6.3: a request has a body if, and only if, one of these two announces it. */
function hasBody(req: IncomingMessage): boolean {
  const length = req.headers["content-length"];
  return (length !== undefined && length !== "0") || req.headers["transfer-encoding"] !== undefined;
}

/** Reads on demand: until the first `next()` the socket's own flow control holds the client back. */
class RequestBody implements ByteSource {
  readonly #req: IncomingMessage;
  #wake: (() => void) | undefined;
  #listening = false;
  #failed = false;

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  async next(): Promise<Uint8Array | undefined> {
    this.#listen();
    for (;;) {
      if (this.#failed || this.#req.destroyed) break;
      const chunk: Uint8Array | null = this.#req.read();
      if (chunk !== null) return chunk;
      if (this.#req.readableEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#req.readableEnded) return undefined;
    throw new ClientDisconnectError("the client closed the connection before its body was whole");
  }

  /** Once, for the life of the request: Node drops them with it. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    const wake = (): void => this.#wake?.();
    const fail = (): void => {
      this.#failed = true;
      wake();
    };
    this.#req.on("readable", wake).on("end", wake).on("error", fail).on("close", wake);
  }
}
