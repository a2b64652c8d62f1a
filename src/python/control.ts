/** A process's control lane: has it loaded, where is a thread of it, does it want to end? Knows records; knows no process. */
import type { Duplex } from "node:stream";
import type { StartError } from "../errors.ts";
import { RecordReader } from "../fastcgi/reader.ts";
import { NULL_REQUEST_ID, pair, RecordType, readPairs, record } from "../fastcgi/records.ts";
import type { PythonAppSettings } from "./settings.ts";
import { startError } from "./start-report.ts";

/** What comes over the lane. */
export interface ControlEvents {
  /** The application is loaded. */
  loaded(): void;
  /** It could not be loaded. */
  failed(error: StartError): void;
  /** Somebody has sent the process a SIGTERM: it serves on until it is let go. */
  leaving(): void;
  /** The process is gone, or speaks no language of ours. */
  hungUp(): void;
}

/** FastCGI's own question to a new responder (§4.1): the answer comes when the application is loaded. */
const QUESTION: string = record(RecordType.GET_VALUES, NULL_REQUEST_ID, pair("FCGI_MAX_CONNS", ""));

export class ControlLane {
  readonly #stream: Duplex;
  readonly #settings: PythonAppSettings;
  readonly #events: ControlEvents;
  /** Who asked where a thread is, in the order of asking. */
  readonly #asked: ((stack: string) => void)[] = [];

  constructor(stream: Duplex, settings: PythonAppSettings, events: ControlEvents) {
    this.#stream = stream;
    this.#settings = settings;
    this.#events = events;
    const reader = new RecordReader((type, _requestId, content) => this.#receive(type, content));
    stream
      .on("data", (chunk: Buffer) => {
        try {
          reader.push(chunk);
        } catch {
          stream.destroy();
        }
      })
      .on("error", () => events.hungUp())
      .on("close", () => events.hungUp());
    stream.write(QUESTION, "latin1");
  }

  /**
   * Raises an exception in the thread of a lane, if it is still at that request, and tells where it was: empty if it is
   * not; never, if the process cannot say so any more.
   */
  interrupt(lane: number, request: number, told: (stack: string) => void): void {
    this.#asked.push(told);
    const which = pair("lane", String(lane)) + pair("request", String(request));
    this.#stream.write(record(RecordType.INTERRUPT, NULL_REQUEST_ID, which), "latin1");
  }

  /** Lets the process go: it ends when its lanes are through. */
  end(): void {
    this.#stream.end();
  }

  /** @throws RangeError for a record that has no place here */
  #receive(type: number, content: Buffer): void {
    if (type === RecordType.GET_VALUES_RESULT) this.#events.loaded();
    else if (type === RecordType.EXCEPTION) this.#events.failed(startError(readPairs(content), this.#settings));
    else if (type === RecordType.LEAVING) this.#events.leaving();
    else if (type === RecordType.STACK) this.#asked.shift()?.(stackOf(content));
    else throw new RangeError(`a worker does not send records of type ${type} on its control lane`);
  }
}

function stackOf(content: Buffer): string {
  return Buffer.from(readPairs(content).get("stack") ?? "", "latin1").toString();
}
