/** The server's side of a FastCGI connection: one request at a time. Knows records and streams; knows no WSGI and no process. */
import type { Duplex } from "node:stream";
import { CgiHeadReader } from "./cgi-head.ts";
import { FairReader } from "./fair-reader.ts";
import { RecordReader } from "./reader.ts";
import { beginRequest, header, MAX_CONTENT, nextRequestId, RecordType, readPairs, record } from "./records.ts";
import type { ConnectionOwner, ResponseEvents, SizedBody } from "./types.ts";

export type { ConnectionOwner, ResponseEvents, SizedBody } from "./types.ts";

/** The content of END_REQUEST: appStatus, protocolStatus, three reserved bytes. */
const END_LENGTH = 8;

/**     idle ──send()──▶ busy ──END_REQUEST──▶ idle          any ──close or broken record──▶ closed
 * A connection is busy, too, until its request's body is sent to the last record: only then can the next one begin. */
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
  /** The rest of the body is not wanted: the client has left, or the response has ended without it. */
  #enough = false;
  /** Undefined once the head is whole. */
  #head: CgiHeadReader | undefined;
  /** The head is here, and nothing yet of what may follow it. */
  #headIsLast = false;
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

  /** True while a request is on it. */
  get busy(): boolean {
    return this.#state === "busy";
  }

  /** How many requests it was given: the number of the one under way, counted from 1. */
  get requests(): number {
    return this.#requests;
  }

  /** Sends a request. One without a body is a single write. */
  send(params: string, body: SizedBody | undefined, events: ResponseEvents): void {
    this.#state = "busy";
    this.#requests += 1;
    this.#id = nextRequestId(this.#id);
    this.#events = events;
    this.#enough = false;
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

  /** The client has left. The response's end still comes, and with it the connection is free again. */
  abort(): void {
    if (this.#state !== "busy") return;
    this.#enough = true;
    this.#stream.write(record(RecordType.ABORT_REQUEST, this.#id, ""), "latin1");
  }

  /** Back-pressure: takes no more of the response for now. */
  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  /** Ends the connection; an idle responder ends with it. */
  close(): void {
    this.#stream.end();
  }

  /** Breaks the connection: whoever is at the other end is gone, or is to go. */
  destroy(reason: Error): void {
    this.#stream.destroy(reason);
  }

  async #sendBody(body: SizedBody): Promise<void> {
    for await (const block of body.blocks()) {
      if (this.#enough) break;
      if (!this.#sendStdin(block)) await this.#drained();
      if (this.#state === "closed") return;
      if (this.#enough) break; // before the body is asked for more: it may be closed by now
    }
    this.#stream.write(record(RecordType.STDIN, this.#id, ""), "latin1");
  }

  #sendStdin(block: Uint8Array): boolean {
    let room = true;
    this.#stream.cork();
    for (let at = 0; at < block.length; at += MAX_CONTENT) {
      const content = block.subarray(at, at + MAX_CONTENT);
      this.#stream.write(header(RecordType.STDIN, this.#id, content.length), "latin1");
      room = this.#stream.write(content);
    }
    this.#stream.uncork();
    return room;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #bodySent(): void {
    this.#sendingBody = false;
    this.#rest();
  }

  /** Idle again, when both directions are through. */
  #rest(): void {
    if (this.#state !== "busy" || this.#events !== undefined || this.#sendingBody) return;
    this.#state = "idle";
    this.#input.resume(); // a paused response is over
    this.#owner.idle(this);
  }

  #push(chunk: Buffer): void {
    try {
      this.#input.took(this.#reader.push(chunk));
      this.#flushHead();
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  /** @throws RangeError for a record that has no place here */
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
    const begun = this.#head.push(content);
    if (begun === undefined) return;
    this.#head = undefined;
    events.head(begun.head);
    this.#headIsLast = begun.rest.length === 0;
    if (!this.#headIsLast) events.body(begun.rest);
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
    this.#enough = true;
    events.ended(content.readUInt32BE(0), content.readUInt8(4));
    this.#wake?.();
    this.#rest();
  }

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
