/** The request body that a connection sends, and the events that it reports. Types only. */
import type { CgiHead } from "./cgi-head.ts";

/** A request body of known size, which can be sent more than once. */
export interface SizedBody {
  /** Bytes. */
  readonly size: number;
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Called for a request, in this order. The last call is either `ended` or `lost`. */
export interface ResponseEvents {
  stderr(slice: Buffer): void;
  head(head: CgiHead): void;
  /** Called when nothing has arrived after the head: the app wants the head sent now, or has failed after it. */
  headAlone(): void;
  body(slice: Buffer): void;
  /** Our own worker describes an exception: `type`, `traceback` and others, in UTF-8 carried as latin-1. */
  exception(pairs: ReadonlyMap<string, string>): void;
  /** @param appStatus 0 for success @param protocolStatus see `ProtocolStatus` */
  ended(appStatus: number, protocolStatus: number): void;
  /** The connection broke, or the server did not send valid FastCGI. */
  lost(reason: Error): void;
}

/** The owner of connections. Learns when one is idle or closed. */
export interface ConnectionOwner<Connection> {
  /** The request is over in both directions. The connection can take the next one. */
  idle(connection: Connection): void;
  /** The connection is closed. Called before the request gets `lost`, so that a retry uses another connection. */
  closed(connection: Connection): void;
}
