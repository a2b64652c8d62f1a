/** What a protocol must offer to be spoken to a remote server. Knows shapes; knows no byte and no address. */
import type { Duplex } from "node:stream";
import type { ConnectionOwner, ResponseEvents, SizedBody } from "../fastcgi/types.ts";
import type { Environ } from "../wsgi/types.ts";

/** The client's end of a connection: one request at a time. */
export interface RemoteConnection {
  /** True while a request is on it. */
  readonly busy: boolean;
  /** Sends a request. `params` is what `Protocol.encode` made, bytes carried as latin-1. */
  send(params: string, body: SizedBody | undefined, events: ResponseEvents): void;
  /** Nobody wants the rest of the response. The server is told where the protocol can tell it. */
  abort(): void;
  /** Back-pressure: takes no more of the response for now. */
  pause(): void;
  resume(): void;
  /** Ends the connection, on which no request is. */
  close(): void;
  /** Breaks the connection; a request on it hears `lost`. */
  destroy(reason: Error): void;
}

/** Keeps connections. `idle` is never called where a protocol takes one request a connection. */
export type RemoteOwner = ConnectionOwner<RemoteConnection>;

/** A way to carry an environ to a server and a response back. */
export interface Protocol {
  /** As the log names it: `FastCGI`, `uwsgi`. */
  readonly name: string;
  /**
   * The environ as the protocol carries it, in bytes as latin-1.
   *
   * @param contentLength the body's true size in bytes; undefined for a request without a body
   * @throws AppProtocolError when middleware put a string into the environ that is not bytes as latin-1
   * @throws BadRequestError (431) when the protocol cannot carry so much
   */
  encode(environ: Environ, contentLength: number | undefined): string;
  /** Speaks the protocol on a stream that is connected. */
  connect(stream: Duplex, owner: RemoteOwner): RemoteConnection;
}
