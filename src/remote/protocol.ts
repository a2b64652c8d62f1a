/** The interface of a protocol for remote servers. Types only; knows no byte and no address. */
import type { Duplex } from "node:stream";
import type { ConnectionOwner, ResponseEvents, SizedBody } from "../fastcgi/types.ts";
import type { Environ } from "../wsgi/types.ts";

/** The client's side of a connection. It carries one request at a time. */
export interface RemoteConnection {
  /** True while a request is running on the connection. */
  readonly busy: boolean;
  /** Sends a request. `params` is the result of `Protocol.encode`: bytes as latin-1. */
  send(params: string, body: SizedBody | undefined, events: ResponseEvents): void;
  /** Aborts the request. Tells the server, if the protocol can. */
  abort(): void;
  /** Back-pressure: stops reading the response until `resume()`. */
  pause(): void;
  resume(): void;
  /** Closes the connection. Called only while no request is running on it. */
  close(): void;
  /** Destroys the connection. The request on it, if any, gets `lost`. */
  destroy(reason: Error): void;
}

/** The owner of connections. `idle` is never called for a protocol with one request per connection. */
export type RemoteOwner = ConnectionOwner<RemoteConnection>;

/** How an environ is sent to a server, and how the response comes back. */
export interface Protocol {
  /** The protocol's name in logs: `FastCGI`, `uwsgi`. */
  readonly name: string;
  /**
   * Encodes the environ, as bytes in latin-1.
   *
   * @param contentLength the size of the body in bytes; undefined for a request without a body
   * @throws AppProtocolError if a string in the environ has characters above U+00FF, which middleware can cause
   * @throws BadRequestError (431) if the environ is too long for the protocol
   */
  encode(environ: Environ, contentLength: number | undefined): string;
  /** Starts the protocol on a connected stream. */
  connect(stream: Duplex, owner: RemoteOwner): RemoteConnection;
}
