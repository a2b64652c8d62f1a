/** What a connection is given and what it tells. Knows shapes; knows no record. */
import type { CgiHead } from "./cgi-head.ts";

/** A body whose size is known and that can be sent again. */
export interface SizedBody {
  /** Bytes. */
  readonly size: number;
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** What comes back for a request, in this order; `ended` or `lost` is the last, and only one of them comes. */
export interface ResponseEvents {
  stderr(slice: Buffer): void;
  head(head: CgiHead): void;
  /** The head came without a block behind it: the app wants it to go out now, or has failed since. */
  headAlone(): void;
  body(slice: Buffer): void;
  /** What our own worker says of an exception: `type` and `traceback`, in UTF-8 carried as latin-1. */
  exception(pairs: ReadonlyMap<string, string>): void;
  /** @param appStatus 0 when all went well @param protocolStatus see `ProtocolStatus` */
  ended(appStatus: number, protocolStatus: number): void;
  /** The connection broke, or spoke no FastCGI. */
  lost(reason: Error): void;
}

/** Keeps connections, and is told when one is idle or closed. */
export interface ConnectionOwner<Connection> {
  /** The request is over in both directions: the connection can take the next. */
  idle(connection: Connection): void;
  /** The connection is gone. Comes before its request hears of it, so that a second try goes elsewhere. */
  closed(connection: Connection): void;
}
