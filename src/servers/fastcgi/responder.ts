/** The application's side of a FastCGI connection: one request at a time. Knows records; knows no listening and no time. */
import type { Duplex } from "node:stream";
import { BadRequestError } from "../../errors.ts";
import { FairReader } from "../../fastcgi/fair-reader.ts";
import { RecordReader } from "../../fastcgi/reader.ts";
import { KEEP_CONN, NULL_REQUEST_ID, ProtocolStatus, RecordType, Role, readPairs } from "../../fastcgi/records.ts";
import { BlockQueue } from "../../wsgi/block-queue.ts";
import { printable } from "../../wsgi/log.ts";
import type { WsgiApp } from "../../wsgi/types.ts";
import { RecordWriter } from "./record-writer.ts";
import { type RequestWire, type ResponderSettings, ServedRequest } from "./served-request.ts";

/** Who keeps connections, and the time. */
export interface ResponderOwner {
  /** From now on the web server is waited for: for a request, or for the rest of its parameters. May come again. */
  waits(responder: Responder): void;
  /** A request is whole but for its body, and the application has it. */
  serves(responder: Responder): void;
  /** The connection is gone. Comes once. */
  closed(responder: Responder): void;
}

/**     waiting ──BEGIN──▶ reading ──PARAMS end──▶ serving ──END──▶ waiting, or ending       any ──▶ closed
 * What comes of a request's body after its END_REQUEST belongs to no request, and is read and forgotten. */
type State = "waiting" | "reading" | "serving" | "ending" | "closed";

/** Bytes of all parameters of a request. */
const PARAMS_LIMIT = 512 * 1024;
const BEGIN_LENGTH = 8;

export class Responder {
  readonly #stream: Duplex;
  readonly #app: WsgiApp;
  readonly #settings: ResponderSettings;
  readonly #owner: ResponderOwner;
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #input: FairReader;
  #state: State = "waiting";
  #id = 0;
  #keep = false;
  readonly #params: BlockQueue = new BlockQueue();
  #request: ServedRequest | undefined;

  constructor(stream: Duplex, app: WsgiApp, settings: ResponderSettings, owner: ResponderOwner) {
    this.#stream = stream;
    this.#app = app;
    this.#settings = settings;
    this.#owner = owner;
    this.#writer = new RecordWriter(stream);
    this.#input = new FairReader(stream);
    this.#reader = new RecordReader((type, id, content) => this.#receive(type, id, content));
    stream
      .on("data", (chunk: Buffer) => this.#push(chunk))
      .on("end", () => this.#lose()) // FastCGI 1.0 §3.5: to close is to abort
      .on("error", () => this.#lose())
      .on("close", () => this.#lose());
    owner.waits(this);
  }

  /** Since when (`performance.now()`) the web server is waited for within a request: for body, or room; Infinity if not. */
  get stalledSince(): number {
    return Math.min(this.#writer.fullSince, this.#request?.waitingSince ?? Number.POSITIVE_INFINITY);
  }

  /** The connection ends: at once, or after the answer that is under way. */
  close(): void {
    this.#keep = false;
    if (this.#state === "waiting") this.#finish();
  }

  destroy(): void {
    this.#stream.destroy();
    this.#lose();
  }

  #push(chunk: Buffer): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    try {
      this.#input.processed(this.#reader.push(chunk));
    } catch (error) {
      this.#settings.logger.warn(printable(`a web server broke FastCGI's rules: ${(error as Error).message}`));
      this.destroy();
    }
  }

  /** @throws RangeError for what no web server may send */
  #receive(type: number, id: number, content: Buffer): void {
    if (id === NULL_REQUEST_ID || type > RecordType.UNKNOWN_TYPE) this.#manage(type, content);
    else if (type === RecordType.BEGIN_REQUEST) this.#begin(id, content);
    else if (!INBOUND.has(type)) throw new RangeError(`a web server does not send records of type ${type}`);
    else if (id !== this.#id)
      return; // FastCGI 1.0 §3.3: records of requests that are not active are ignored
    else if (type === RecordType.ABORT_REQUEST) this.#abort();
    else if (type === RecordType.PARAMS && this.#state === "reading") this.#readParams(content);
    else if (type === RecordType.STDIN && this.#state === "reading")
      throw new RangeError("STDIN came before PARAMS ended");
    else if (type === RecordType.STDIN) this.#request?.stdin(content);
  }

  #manage(type: number, content: Buffer): void {
    if (type === RecordType.BEGIN_REQUEST) throw new RangeError("a request has the id 0");
    this.#writer.manage(type, content, this.#settings.maxConnections);
  }

  #begin(id: number, content: Buffer): void {
    if (content.length < BEGIN_LENGTH) throw new RangeError("BEGIN_REQUEST is too short");
    if (this.#state !== "waiting") {
      if (id === this.#id) throw new RangeError("a request began twice");
      this.#writer.refuse(id, ProtocolStatus.CANT_MPX_CONN);
      return;
    }
    this.#keep = (content.readUInt8(2) & KEEP_CONN) !== 0;
    if (content.readUInt16BE(0) !== Role.RESPONDER) {
      this.#writer.refuse(id, ProtocolStatus.UNKNOWN_ROLE);
      if (!this.#keep) this.#finish();
      return;
    }
    this.#id = id;
    this.#params.clear();
    this.#state = "reading";
    this.#owner.waits(this);
  }

  #readParams(content: Buffer): void {
    if (content.length > 0) {
      this.#params.push(content);
      if (this.#params.size > PARAMS_LIMIT) this.#refuse();
      return;
    }
    const params = readPairs(Buffer.from(this.#params.take(this.#params.size)));
    this.#serve().run(this.#app, params);
  }

  /** What follows is not worth reading: the connection ends with the answer. */
  #refuse(): void {
    this.#params.clear();
    this.#keep = false;
    this.#serve().answerError(new BadRequestError("the request's parameters are too long", 431));
  }

  #serve(): ServedRequest {
    this.#state = "serving";
    this.#owner.serves(this);
    const request: ServedRequest = new ServedRequest(
      this.#wire(() => this.#request === request),
      this.#settings,
    );
    this.#request = request;
    return request;
  }

  /** What a request has of the connection, for as long as it is the connection's. */
  #wire(current: () => boolean): RequestWire {
    return {
      isOpen: current,
      stdout: (block) => (current() ? this.#writer.stdout(this.#id, block) : undefined),
      end: (appStatus) => void (current() && this.#end(appStatus)),
      destroy: () => void (current() && this.destroy()),
      pause: () => void (current() && this.#input.pause()),
      resume: () => void (current() && this.#input.resume()),
    };
  }

  #abort(): void {
    if (this.#state === "serving") this.#request?.abort();
    if (this.#state === "serving" || this.#state === "reading") this.#end(1);
  }

  #end(appStatus: number): void {
    this.#writer.end(this.#id, appStatus);
    this.#request = undefined;
    this.#state = "waiting";
    this.#input.resume(); // the rest of a body that nobody wants
    if (!this.#keep) this.#finish();
    else this.#owner.waits(this);
  }

  /** What still comes is read and forgotten: a connection with unread bytes would be reset, and the answer lost with it. */
  #finish(): void {
    this.#state = "ending";
    this.#owner.waits(this);
    this.#stream.end();
  }

  #lose(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const request = this.#request;
    this.#request = undefined;
    this.#stream.destroy();
    request?.abort();
    this.#writer.wake();
    this.#owner.closed(this);
  }
}

const { ABORT_REQUEST, PARAMS, STDIN, DATA } = RecordType;
const INBOUND: ReadonlySet<number> = new Set([ABORT_REQUEST, PARAMS, STDIN, DATA]);
