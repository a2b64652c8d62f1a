/** What a responder sends, and its back-pressure. Knows records and a stream; knows no request. */
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

/** A web server that asks and does not read the answers: so many bytes of them may wait. */
const ANSWERS_LIMIT = 1024 * 1024;

export class RecordWriter {
  readonly #stream: Duplex;
  #drained: { promise: Promise<void>; resolve(): void; since: number } | undefined;
  #corked = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("drain", () => this.wake());
  }

  /** Since when the web server has not taken what it was given, as `performance.now()` has it; Infinity when it has. */
  get fullSince(): number {
    return this.#drained?.since ?? Number.POSITIVE_INFINITY;
  }

  stdout(id: number, block: Uint8Array): Promise<void> | undefined {
    let more = true;
    for (let at = 0; at < block.length; at += MAX_CONTENT) {
      const content = block.subarray(at, at + MAX_CONTENT);
      this.#write(header(RecordType.STDOUT, id, content.length));
      more = this.#write(content);
    }
    if (more) return undefined;
    this.#drained ??= pending();
    return this.#drained.promise;
  }

  /** The end of a request that an application has had. */
  end(id: number, appStatus: number): void {
    const ended = endRequest(id, appStatus, ProtocolStatus.REQUEST_COMPLETE);
    this.#write(record(RecordType.STDOUT, id, "") + ended);
  }

  /** The end of a request that no application gets. @throws RangeError as all answers do, when they are not read */
  refuse(id: number, protocolStatus: number): void {
    this.#answer(endRequest(id, 0, protocolStatus));
  }

  /** Answers a management record (FastCGI 1.0 §4). */
  manage(type: number, content: Buffer, maxConnections: number): void {
    if (type === RecordType.GET_VALUES) {
      this.#answer(record(RecordType.GET_VALUES_RESULT, NULL_REQUEST_ID, known(content, maxConnections)));
    } else {
      const unknown = String.fromCharCode(type, 0, 0, 0, 0, 0, 0, 0);
      this.#answer(record(RecordType.UNKNOWN_TYPE, NULL_REQUEST_ID, unknown));
    }
  }

  /** Nobody waits any longer: there is room, or the connection is gone. */
  wake(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.resolve();
  }

  #answer(text: string): void {
    this.#write(text);
    if (this.#stream.writableLength > ANSWERS_LIMIT) throw new RangeError("the answers to its records are not read");
  }

  /** All that is written within a turn goes out as one. */
  #write(content: string | Uint8Array): boolean {
    if (!this.#stream.writable) return true; // its loss is told, or will be
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

/** The values that are asked for and known; the others are left out, as the specification has it. */
function known(asked: Buffer, maxConnections: number): string {
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

function pending(): { promise: Promise<void>; resolve(): void; since: number } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve, since: performance.now() };
}
