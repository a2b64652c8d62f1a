/** Writes the records of a responder, with back-pressure. Knows records and a stream; knows no request. */
import type { Duplex } from "node:stream";
import {
  header,
  MAX_CONTENT,
  NULL_REQUEST_ID,
  ProtocolStatus,
  pair,
  RecordType,
  readPairs,
  record,
} from "../../fastcgi/records.ts";
import { type Pending, pending } from "../pending.ts";

/** The most unsent bytes after an answer to a management record: a web server may ask and never read. */
const MAX_UNSENT = 1024 * 1024;

export class RecordWriter {
  readonly #stream: Duplex;
  #drained: Pending | undefined;
  #corked = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("drain", () => this.wake());
  }

  /** When the web server stopped reading, on the clock of `performance.now()`; Infinity if nothing is waiting. */
  get fullSince(): number {
    return this.#drained?.since ?? Number.POSITIVE_INFINITY;
  }

  stdout(id: number, block: Uint8Array): Promise<void> | undefined {
    let hasRoom = true;
    for (let at = 0; at < block.length; at += MAX_CONTENT) {
      const content = block.subarray(at, at + MAX_CONTENT);
      this.#write(header(RecordType.STDOUT, id, content.length));
      hasRoom = this.#write(content);
    }
    if (hasRoom) return undefined;
    this.#drained ??= pending();
    return this.#drained.promise;
  }

  /** Ends a request that an application has handled. */
  end(id: number, appStatus: number): void {
    const ended = endRequest(id, appStatus, ProtocolStatus.REQUEST_COMPLETE);
    this.#write(record(RecordType.STDOUT, id, "") + ended);
  }

  /** Ends a request without an application. @throws RangeError if the web server does not read the answers */
  refuse(id: number, protocolStatus: number): void {
    this.#answer(endRequest(id, 0, protocolStatus));
  }

  /** Answers a management record (FastCGI 1.0 §4). */
  manage(type: number, content: Buffer, maxConnections: number): void {
    if (type === RecordType.GET_VALUES) {
      this.#answer(record(RecordType.GET_VALUES_RESULT, NULL_REQUEST_ID, knownValues(content, maxConnections)));
    } else {
      const unknown = String.fromCharCode(type, 0, 0, 0, 0, 0, 0, 0);
      this.#answer(record(RecordType.UNKNOWN_TYPE, NULL_REQUEST_ID, unknown));
    }
  }

  /** Resolves the promise of `stdout`: there is room, or the connection is gone. */
  wake(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.resolve();
  }

  #answer(text: string): void {
    this.#write(text);
    if (this.#stream.writableLength > MAX_UNSENT) throw new RangeError("it does not read the answers to its records");
  }

  /** Collects everything that is written within one turn of the event loop into one packet. */
  #write(content: string | Uint8Array): boolean {
    if (!this.#stream.writable) return true; // the owner gets `close`, now or soon
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#stream.uncork();
      });
    }
    return typeof content === "string" ? this.#stream.write(content, "latin1") : this.#stream.write(content);
  }
}

/** Returns the requested values that are known. The specification says to leave out the others. */
function knownValues(asked: Buffer, maxConnections: number): string {
  const values: ReadonlyMap<string, string> = new Map([
    ["FCGI_MAX_CONNS", String(maxConnections)],
    ["FCGI_MAX_REQS", String(maxConnections)],
    ["FCGI_MPXS_CONNS", "0"],
  ]);
  let pairs = "";
  for (const name of readPairs(asked).keys()) {
    const value = values.get(name);
    if (value !== undefined) pairs += pair(name, value);
  }
  return pairs;
}

function endRequest(id: number, appStatus: number, protocolStatus: number): string {
  return record(RecordType.END_REQUEST, id, String.fromCharCode(0, 0, 0, appStatus, protocolStatus, 0, 0, 0));
}
