/** Node's end of a lane from Python. It carries one request at a time until it closes. Knows records; knows no framework. */
import type { Duplex } from "node:stream";
import { RecordReader } from "../../fastcgi/reader.ts";
import {
  header,
  MAX_CONTENT,
  nextRequestId,
  ProtocolStatus,
  pair,
  RecordType,
  readPairs,
  record,
} from "../../fastcgi/records.ts";
import { BlockQueue } from "../../wsgi/block-queue.ts";
import type { WsgiApp } from "../../wsgi/types.ts";
import { type Pending, pending } from "../pending.ts";
import { LaneRequest, type Wire } from "./lane-request.ts";

/**     waiting ──BEGIN──▶ reading ──PARAMS end──▶ serving ──END──▶ waiting
 * A response that breaks off ends with appStatus 1. The lane stays open, because Python cannot open another one. */
type State = "waiting" | "reading" | "serving";

/** The most bytes for all parameters of a request. Python sends no more. */
const PARAMS_LIMIT = 512 * 1024;

export class Lane {
  readonly #stream: Duplex;
  readonly #app: WsgiApp;
  readonly #reader: RecordReader;
  #state: State = "waiting";
  /** The id of the current request, or of the last one. */
  #id = 0;
  readonly #params: BlockQueue = new BlockQueue();
  #request: LaneRequest | undefined;
  #drained: Pending | undefined;

  constructor(stream: Duplex, app: WsgiApp) {
    this.#stream = stream;
    this.#app = app;
    this.#reader = new RecordReader((type, id, content) => this.#receive(type, id, content));
    stream
      .on("data", (chunk: Buffer) => this.#push(chunk))
      .on("drain", () => this.#wake())
      .on("error", () => this.#lose())
      .on("close", () => this.#lose());
  }

  #push(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  /** @throws RangeError for a record that is not allowed here, such as one of another request */
  #receive(type: number, id: number, content: Buffer): void {
    const begins = type === RecordType.BEGIN_REQUEST && this.#state === "waiting";
    const expected = begins ? nextRequestId(this.#id) : this.#id;
    if (id !== expected) throw new RangeError(`a record of type ${type} is for request ${id} instead of ${expected}`);
    if (begins) {
      this.#id = id;
      this.#params.clear();
      this.#state = "reading";
    } else if (type === RecordType.PARAMS && this.#state === "reading") {
      this.#params.push(content);
      if (this.#params.size > PARAMS_LIMIT) throw new RangeError("the parameters of a request are too long");
      if (content.length === 0) this.#serve();
    } else if (type === RecordType.STDIN) {
      this.#request?.stdin(content); // records after the end of their request are dropped
    } else if (type === RecordType.ABORT_REQUEST) {
      this.#abort(); // does nothing if END_REQUEST was already on its way
    } else {
      throw new RangeError(`a record of type ${type} is not allowed while the lane is ${this.#state}`);
    }
  }

  #serve(): void {
    const params = readPairs(Buffer.from(this.#params.take(this.#params.size)));
    this.#state = "serving";
    const request: LaneRequest = new LaneRequest(this.#wire(() => this.#request === request));
    this.#request = request;
    request.run(this.#app, params);
  }

  /** Returns the request's view of the lane. It does nothing once the request is over. */
  #wire(isCurrent: () => boolean): Wire {
    return {
      stdout: (block) => (isCurrent() ? this.#send(RecordType.STDOUT, block) : undefined),
      stderr: (text) => (isCurrent() ? this.#send(RecordType.STDERR, Buffer.from(text)) : process.stderr.write(text)),
      exception: (message, stack) => {
        const utf8 = (text: string): string =>
          Buffer.from(text)
            .toString("latin1")
            .slice(0, MAX_CONTENT / 4);
        const pairs = pair("message", utf8(message)) + pair("stack", utf8(stack));
        if (isCurrent()) this.#stream.write(record(RecordType.EXCEPTION, this.#id, pairs), "latin1");
      },
      end: (appStatus) => void (isCurrent() && this.#end(appStatus)),
      pause: () => void (isCurrent() && this.#stream.pause()),
      resume: () => void (isCurrent() && this.#stream.resume()),
    };
  }

  #abort(): void {
    const request = this.#request;
    request?.abort();
    if (request !== undefined && this.#request === request) this.#end(1);
    else if (this.#state === "reading") this.#end(1);
  }

  #send(type: number, block: Uint8Array): Promise<void> | undefined {
    let hasRoom = true;
    this.#stream.cork();
    for (let at = 0; at < block.length; at += MAX_CONTENT) {
      const content = block.subarray(at, at + MAX_CONTENT);
      this.#stream.write(header(type, this.#id, content.length), "latin1");
      hasRoom = this.#stream.write(content);
    }
    this.#stream.uncork();
    if (hasRoom || this.#stream.destroyed) return undefined;
    this.#drained ??= pending();
    return this.#drained.promise;
  }

  #end(appStatus: number): void {
    this.#request = undefined;
    this.#state = "waiting";
    const status = String.fromCharCode(0, 0, 0, appStatus, ProtocolStatus.REQUEST_COMPLETE, 0, 0, 0);
    this.#stream.write(record(RecordType.END_REQUEST, this.#id, status), "latin1");
    this.#stream.resume(); // to drop the rest of the body
  }

  #wake(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #lose(): void {
    const request = this.#request;
    this.#request = undefined;
    request?.abort();
    this.#wake();
  }
}
