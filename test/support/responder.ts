/** The server end of a `FastcgiConnection`, controlled by a test, and a client that records its events. */
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import type { CgiHead } from "../../src/fastcgi/cgi-head.ts";
import { FastcgiConnection, type ResponseEvents, type SizedBody } from "../../src/fastcgi/connection.ts";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { pair } from "../../src/fastcgi/records.ts";
import { latin1, renumbered, type Seen } from "./records.ts";
import { socketPair } from "./socket-pair.ts";

/** Records entries in order and lets a test wait for one. */
export class Journal extends EventEmitter {
  readonly entries: string[] = [];

  note(entry: string): void {
    this.entries.push(entry);
    this.emit("entry");
  }

  /** Resolves when this entry was recorded, past or future. */
  async noted(entry: string): Promise<void> {
    while (!this.entries.includes(entry)) await once(this, "entry");
  }
}

/** Records the events of a response: `head 200 OK`, `body abc`, `stderr x`, `exception T`, `ended 0 0`, `lost`. */
export class EventJournal extends Journal implements ResponseEvents {
  reason: Error | undefined;

  stderr(slice: Buffer): void {
    this.note(`stderr ${slice.toString("latin1")}`);
  }
  head(head: CgiHead): void {
    this.note(`head ${head.status}`);
  }
  headAlone(): void {
    this.note("head alone");
  }
  body(slice: Buffer): void {
    this.note(`body ${slice.toString("latin1")}`);
  }
  exception(pairs: ReadonlyMap<string, string>): void {
    this.note(`exception ${pairs.get("type")}`);
  }
  ended(appStatus: number, protocolStatus: number): void {
    this.note(`ended ${appStatus} ${protocolStatus}`);
  }
  lost(reason: Error): void {
    this.reason = reason;
    this.note("lost");
  }
}

/** A connection, the journal of its owner (`idle`, `closed`), and the responder at the other end. */
export class Responder {
  readonly owner: Journal = new Journal();
  readonly connection: FastcgiConnection;
  readonly socket: Socket;
  /** The records received, in order. */
  readonly seen: Seen[] = [];
  readonly #events: EventEmitter = new EventEmitter();

  private constructor(near: Socket, far: Socket) {
    this.connection = new FastcgiConnection(near, {
      idle: () => this.owner.note("idle"),
      closed: () => this.owner.note("closed"),
    });
    this.socket = far;
    const reader = new RecordReader((type, _id, content) => this.seen.push([type, content.toString("latin1")]));
    far.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#events.emit("record");
    });
  }

  static async start(): Promise<Responder> {
    return new Responder(...(await socketPair()));
  }

  /** Sends records that were made for the first request, with the id of the current one. */
  answer(...records: string[]): void {
    this.socket.write(latin1(renumbered(records.join(""), this.connection.requests)));
  }

  /** Resolves when an empty record of this type has arrived: the end of a stream, or ABORT_REQUEST. */
  async heard(type: number, times = 1): Promise<void> {
    while (this.seen.filter(([kind, content]) => kind === type && content === "").length < times) {
      await once(this.#events, "record");
    }
  }

  /** Returns the content of a stream so far. */
  content(type: number): string {
    return this.seen.flatMap(([kind, content]) => (kind === type ? [content] : [])).join("");
  }
}

export const PAIRS: string = pair("REQUEST_METHOD", "GET");

export function bodyOf(...blocks: string[]): SizedBody {
  const buffers = blocks.map(latin1);
  return { size: Buffer.concat(buffers).length, blocks: () => buffers };
}

/** Opens a connection and sends a request on it. */
export async function request(
  body?: SizedBody,
  params: string = PAIRS,
): Promise<{ responder: Responder; events: EventJournal }> {
  const responder = await Responder.start();
  const events = new EventJournal();
  responder.connection.send(params, body, events);
  return { responder, events };
}
