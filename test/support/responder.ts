/** The far end of a `FastcgiConnection`, played by a test; and a client that remembers what it heard. */
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import type { CgiHead } from "../../src/fastcgi/cgi-head.ts";
import { FastcgiConnection, type ResponseEvents, type SizedBody } from "../../src/fastcgi/connection.ts";
import { RecordReader } from "../../src/fastcgi/reader.ts";
import { pair } from "../../src/fastcgi/records.ts";
import { latin1, renumbered, type Seen } from "./records.ts";
import { socketPair } from "./socket-pair.ts";

/** Whatever happens, in order, and a way to wait for it. */
export class Journal extends EventEmitter {
  readonly entries: string[] = [];

  note(entry: string): void {
    this.entries.push(entry);
    this.emit("entry");
  }

  /** Resolves when this was noted, in the past or in the future. */
  async noted(entry: string): Promise<void> {
    while (!this.entries.includes(entry)) await once(this, "entry");
  }
}

/** What a connection tells of a response: `head 200 OK`, `body abc`, `stderr x`, `exception T`, `ended 0 0`, `lost`. */
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

/** A connection, its owner's journal (`idle`, `closed`), and the responder at its other end. */
export class Responder {
  readonly owner: Journal = new Journal();
  readonly connection: FastcgiConnection;
  readonly socket: Socket;
  /** Records that came, as they came. */
  readonly seen: Seen[] = [];
  readonly #news: EventEmitter = new EventEmitter();

  private constructor(near: Socket, far: Socket) {
    this.connection = new FastcgiConnection(near, {
      idle: () => this.owner.note("idle"),
      closed: () => this.owner.note("closed"),
    });
    this.socket = far;
    const reader = new RecordReader((type, _id, content) => this.seen.push([type, content.toString("latin1")]));
    far.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#news.emit("record");
    });
  }

  static async start(): Promise<Responder> {
    return new Responder(...(await socketPair()));
  }

  /** Sends records, as they are made for a first request, for the current one. */
  answer(...records: string[]): void {
    this.socket.write(latin1(renumbered(records.join(""), this.connection.requests)));
  }

  /** Resolves when an empty record of a type has come, past or future: a stream's end, or ABORT_REQUEST. */
  async heard(type: number, times = 1): Promise<void> {
    while (this.seen.filter(([kind, content]) => kind === type && content === "").length < times) {
      await once(this.#news, "record");
    }
  }

  /** All content of a stream so far. */
  content(type: number): string {
    return this.seen.flatMap(([kind, content]) => (kind === type ? [content] : [])).join("");
  }
}

export const PAIRS: string = pair("REQUEST_METHOD", "GET");

export function bodyOf(...blocks: string[]): SizedBody {
  const buffers = blocks.map(latin1);
  return { size: Buffer.concat(buffers).length, blocks: () => buffers };
}

/** A connection with a request on it. */
export async function request(
  body?: SizedBody,
  params: string = PAIRS,
): Promise<{ responder: Responder; events: EventJournal }> {
  const responder = await Responder.start();
  const events = new EventJournal();
  responder.connection.send(params, body, events);
  return { responder, events };
}
