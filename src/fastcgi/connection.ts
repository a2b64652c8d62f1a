/** Sends requests on a FastCGI connection, one at a time, and receives their responses. Knows records; knows no WSGI. */
import type { Duplex } from "node:stream";
import { CgiHeadReader } from "./cgi-head.ts";
import { FairReader } from "./fair-reader.ts";
import { RecordReader } from "./reader.ts";
import { beginRequest, header, MAX_CONTENT, nextRequestId, RecordType, readPairs, record } from "./records.ts";
import type { ConnectionOwner, ResponseEvents, SizedBody } from "./types.ts";

export type { ConnectionOwner, ResponseEvents, SizedBody } from "./types.ts";

/** The length of END_REQUEST's content: appStatus (4 bytes), protocolStatus (1), reserved (3). */
const END_LENGTH = 8;

/**     idle ──send()──▶ busy ──END_REQUEST──▶ idle          any ──close or broken record──▶ closed
 * A connection also stays busy until the last record of the request's body has been sent. Only then can the next request begin. */
type State = "idle" | "busy" | "closed";

export class FastcgiConnection {
  readonly #stream: Duplex;
  readonly #owner: ConnectionOwner<FastcgiConnection>;
  readonly #reader: RecordReader;
  readonly #input: FairReader;
  #state: State = "idle";
  #requests = 0;
  /** The id of the current request, or of the last one. */
  #id = 0;
  #events: ResponseEvents | undefined;
  #sendingBody = false;
  /** True if nobody needs the rest of the body: the client has left, or the response has already ended. */
  #skipBody = false;
  /** Undefined once the head is complete. */
  #head: CgiHeadReader | undefined;
  /** True if the head has arrived, but nothing after it yet. */
  #headIsLast = false;
  /** Resolves the promise of `#drained()`. */
  #wake: (() => void) | undefined;

  constructor(duplex: Duplex, owner: ConnectionOwner<FastcgiConnection>) {
    this.#stream = duplex;
    this.#owner = owner;
    this.#input = new FairReader(duplex);
    this.#reader = new RecordReader((type, requestId, content) => this.#receive(type, requestId, content));
    duplex
      .on("data", (chunk: Buffer) => this.#push(chunk))
      .on("drain", () => this.#wake?.())
      .on("error", (error) => this.#lose(error))
      .on("close", () => this.#lose(new Error("the connection was closed")));
  }

  /** True while the connection serves a request. */
  get busy(): boolean {
    return this.#state === "busy";
  }

  /** The number of requests sent so far, including the current one. */
  get requests(): number {
    return this.#requests;
  }

  /** Sends a request. A request without a body is a single write. */
  send(params: string, body: SizedBody | undefined, events: ResponseEvents): void {
    this.#state = "busy";
    this.#requests += 1;
    this.#id = nextRequestId(this.#id);
    this.#events = events;
    this.#skipBody = false;
    this.#head = new CgiHeadReader();
    const id = this.#id;
    const head = beginRequest(id, params);
    if (body === undefined) {
      this.#stream.write(head + record(RecordType.STDIN, id, ""), "latin1");
      return;
    }
    this.#sendingBody = true;
    this.#stream.write(head, "latin1");
    this.#sendBody(body).then(
      () => this.#bodySent(),
      (error: Error) => this.#stream.destroy(error),
    );
  }

  /** Tells the server that the client has left. The server still ends the response, and then the connection is free again. */
  abort(): void {
    if (this.#state !== "busy") return;
    this.#skipBody = true;
    this.#stream.write(record(RecordType.ABORT_REQUEST, this.#id, ""), "latin1");
  }

  /** Back-pressure: stops reading the response until `resume()`. */
  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  /** Closes the connection. Called only while no request is running on it. */
  close(): void {
    this.#stream.end();
  }

  /** Destroys the connection. The request on it, if any, gets `lost`. */
  destroy(reason: Error): void {
    this.#stream.destroy(reason);
  }

  async #sendBody(body: SizedBody): Promise<void> {
    for await (const block of body.blocks()) {
      if (this.#skipBody) break;
      if (!this.#sendStdin(block)) await this.#drained();
      if (this.#state === "closed") return;
      if (this.#skipBody) break; // before asking for another block: the body may be closed by now
    }
    this.#stream.write(record(RecordType.STDIN, this.#id, ""), "latin1");
  }

  #sendStdin(block: Uint8Array): boolean {
    let hasRoom = true;
    this.#stream.cork();
    for (let at = 0; at < block.length; at += MAX_CONTENT) {
      const content = block.subarray(at, at + MAX_CONTENT);
      this.#stream.write(header(RecordType.STDIN, this.#id, content.length), "latin1");
      hasRoom = this.#stream.write(content);
    }
    this.#stream.uncork();
    return hasRoom;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #bodySent(): void {
    this.#sendingBody = false;
    this.#becomeIdle();
  }

  /** Becomes idle when both the request and the response have ended. */
  #becomeIdle(): void {
    if (this.#state !== "busy" || this.#events !== undefined || this.#sendingBody) return;
    this.#state = "idle";
    this.#input.resume(); // the response that was paused is over
    this.#owner.idle(this);
  }

  #push(chunk: Buffer): void {
    try {
      this.#input.processed(this.#reader.push(chunk));
      this.#flushHead();
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  /** @throws RangeError for a record that the protocol does not allow here */
  #receive(type: number, requestId: number, content: Buffer): void {
    const events = this.#events;
    if (events === undefined || requestId !== this.#id) {
      const open = events === undefined ? "none" : `request ${this.#id}`;
      throw new RangeError(`a record of type ${type} for request ${requestId} came while ${open} was open`);
    }
    if (type === RecordType.STDOUT) this.#stdout(events, content);
    else if (type === RecordType.STDERR) events.stderr(content);
    else if (type === RecordType.EXCEPTION) this.#exception(events, content);
    else if (type === RecordType.END_REQUEST) this.#end(events, content);
    else throw new RangeError(`a responder does not send records of type ${type}`);
  }

  #stdout(events: ResponseEvents, content: Buffer): void {
    if (this.#head === undefined) {
      this.#headIsLast = false;
      if (content.length > 0) events.body(content);
      return;
    }
    const complete = this.#head.push(content);
    if (complete === undefined) return;
    this.#head = undefined;
    events.head(complete.head);
    this.#headIsLast = complete.rest.length === 0;
    if (!this.#headIsLast) events.body(complete.rest);
  }

  #exception(events: ResponseEvents, content: Buffer): void {
    this.#flushHead();
    events.exception(readPairs(content));
  }

  #flushHead(): void {
    if (!this.#headIsLast) return;
    this.#headIsLast = false;
    this.#events?.headAlone();
  }

  #end(events: ResponseEvents, content: Buffer): void {
    if (content.length < END_LENGTH) throw new RangeError("END_REQUEST is too short");
    this.#events = undefined;
    this.#headIsLast = false;
    this.#skipBody = true;
    events.ended(content.readUInt32BE(0), content.readUInt8(4));
    this.#wake?.();
    this.#becomeIdle();
  }

  /** Reports the closed connection once: to the owner, then to the request. */
  #lose(reason: Error): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const events = this.#events;
    this.#events = undefined;
    this.#wake?.();
    this.#owner.closed(this);
    events?.lost(reason);
  }
}
