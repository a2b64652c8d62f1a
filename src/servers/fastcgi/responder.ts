/** The application's side of a FastCGI connection, one request at a time. Knows records; knows no listening and no timeout. */
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

/** Keeps the connections and their timeouts. */
export interface ResponderOwner {
  /** The responder waits for the web server: for a request, or for the rest of its parameters. May be called again. */
  waiting(responder: Responder): void;
  /** The application got a request. Its body may still be arriving. */
  serving(responder: Responder): void;
  /** The connection is closed. Called once. */
  closed(responder: Responder): void;
}

/**     waiting ──BEGIN──▶ reading ──PARAMS end──▶ serving ──END──▶ waiting, or ending       any ──▶ closed
 * Records of a request's body that arrive after its END_REQUEST are dropped. */
type State = "waiting" | "reading" | "serving" | "ending" | "closed";

/** The most bytes for all parameters of a request. */
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
  #keepAlive = false;
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
      .on("end", () => this.#lose()) // FastCGI 1.0 §3.5: a closed connection aborts the request
      .on("error", () => this.#lose())
      .on("close", () => this.#lose());
    owner.waiting(this);
  }

  /** When the request began to wait for the web server, on the clock of `performance.now()`; Infinity if it does not wait. */
  get stalledSince(): number {
    return Math.min(this.#writer.fullSince, this.#request?.waitingSince ?? Number.POSITIVE_INFINITY);
  }

  /** Closes the connection, at once or after the running request. */
  close(): void {
    this.#keepAlive = false;
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
      this.#settings.logger.warn(printable(`a web server violated the FastCGI protocol: ${(error as Error).message}`));
      this.destroy();
    }
  }

  /** @throws RangeError for a record that a web server must not send */
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
    this.#keepAlive = (content.readUInt8(2) & KEEP_CONN) !== 0;
    if (content.readUInt16BE(0) !== Role.RESPONDER) {
      this.#writer.refuse(id, ProtocolStatus.UNKNOWN_ROLE);
      if (!this.#keepAlive) this.#finish();
      return;
    }
    this.#id = id;
    this.#params.clear();
    this.#state = "reading";
    this.#owner.waiting(this);
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

  /** Answers 431. Closes the connection after that, because the rest of the parameters is still arriving. */
  #refuse(): void {
    this.#params.clear();
    this.#keepAlive = false;
    this.#serve().answerError(new BadRequestError("the request's parameters are too long", 431));
  }

  #serve(): ServedRequest {
    this.#state = "serving";
    this.#owner.serving(this);
    const request: ServedRequest = new ServedRequest(
      this.#wire(() => this.#request === request),
      this.#settings,
    );
    this.#request = request;
    return request;
  }

  /** Returns the request's view of the connection. It does nothing once the request is over. */
  #wire(isCurrent: () => boolean): RequestWire {
    return {
      isOpen: isCurrent,
      stdout: (block) => (isCurrent() ? this.#writer.stdout(this.#id, block) : undefined),
      end: (appStatus) => void (isCurrent() && this.#end(appStatus)),
      destroy: () => void (isCurrent() && this.destroy()),
      pause: () => void (isCurrent() && this.#input.pause()),
      resume: () => void (isCurrent() && this.#input.resume()),
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
    this.#input.resume(); // to drop the rest of the body
    if (!this.#keepAlive) this.#finish();
    else this.#owner.waiting(this);
  }

  /** Ends the connection, and drops the bytes that still arrive. Unread bytes would cause a reset, which loses the response. */
  #finish(): void {
    this.#state = "ending";
    this.#owner.waiting(this);
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
