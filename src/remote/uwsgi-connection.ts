/** The client's side of a uwsgi connection, for a single request. Knows packets and responses; knows no WSGI and no pool. */
import type { Duplex } from "node:stream";
import { FairReader } from "../fastcgi/fair-reader.ts";
import { ProtocolStatus } from "../fastcgi/records.ts";
import type { ResponseEvents, SizedBody } from "../fastcgi/types.ts";
import { HttpResponseReader } from "./http-reader.ts";
import type { RemoteConnection, RemoteOwner } from "./protocol.ts";
import { methodOf } from "./uwsgi-packet.ts";

export class UwsgiConnection implements RemoteConnection {
  readonly #stream: Duplex;
  readonly #owner: RemoteOwner;
  readonly #input: FairReader;
  #events: ResponseEvents | undefined;
  #reader: HttpResponseReader | undefined;
  #closed = false;
  /** True if the head has arrived, but nothing after it yet. */
  #headIsLast = false;
  /** Resolves the promise of `#drained()`. */
  #wake: (() => void) | undefined;

  constructor(duplex: Duplex, owner: RemoteOwner) {
    this.#stream = duplex;
    this.#owner = owner;
    this.#input = new FairReader(duplex);
    duplex
      .on("data", (chunk: Buffer) => this.#push(chunk))
      .on("end", () => this.#finish())
      .on("drain", () => this.#wake?.())
      .on("error", (error) => this.#lose(error))
      .on("close", () => this.#lose(new Error("the connection was closed")));
  }

  get busy(): boolean {
    return this.#events !== undefined;
  }

  send(packet: string, body: SizedBody | undefined, events: ResponseEvents): void {
    this.#events = events;
    this.#reader = new HttpResponseReader(methodOf(packet), {
      head: (head) => {
        this.#headIsLast = true;
        events.head(head);
      },
      body: (slice) => {
        this.#headIsLast = false;
        events.body(slice);
      },
    });
    this.#stream.write(packet, "latin1");
    if (body !== undefined) this.#sendBody(body).catch((error: Error) => this.#stream.destroy(error));
  }

  /** Destroys the connection. The uwsgi protocol has no abort message. */
  abort(): void {
    this.#stream.destroy(new Error("the request was aborted"));
  }

  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  close(): void {
    this.#stream.end();
  }

  destroy(reason: Error): void {
    this.#stream.destroy(reason);
  }

  async #sendBody(body: SizedBody): Promise<void> {
    for await (const block of body.blocks()) {
      if (this.#closed) return;
      if (!this.#stream.write(block)) await this.#drained();
      if (this.#closed) return; // before asking for another block: the body may be closed by now
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #push(chunk: Buffer): void {
    const reader = this.#reader;
    try {
      if (reader === undefined || this.#closed) throw new RangeError("a response came before there was a request");
      this.#input.processed(reader.push(chunk));
      if (reader.done) this.#complete();
      else if (this.#headIsLast) this.#events?.headAlone();
      this.#headIsLast = false;
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  #finish(): void {
    if (this.#reader?.finish() === true) this.#complete();
    else this.#lose(new Error("the connection was closed"));
  }

  /** Ends the request, and closes the connection. uWSGI closes it too; other servers may keep it open. */
  #complete(): void {
    const events = this.#detach();
    events?.ended(0, ProtocolStatus.REQUEST_COMPLETE);
  }

  #lose(reason: Error): void {
    this.#detach()?.lost(reason);
  }

  /** Closes the connection. @returns the events of the request that was running on it */
  #detach(): ResponseEvents | undefined {
    if (this.#closed) return undefined;
    this.#closed = true;
    const events = this.#events;
    this.#events = undefined;
    this.#wake?.();
    this.#stream.destroy();
    this.#owner.closed(this);
    return events;
  }
}
