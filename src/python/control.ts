/** Node's end of a worker's control lane: start reports, interrupts and stack traces. Knows records; knows no process. */
import type { Duplex } from "node:stream";
import type { StartError } from "../errors.ts";
import { RecordReader } from "../fastcgi/reader.ts";
import { NULL_REQUEST_ID, pair, RecordType, readPairs, record } from "../fastcgi/records.ts";
import { announceGreenThreads } from "./capacity.ts";
import type { PythonAppSettings } from "./settings.ts";
import { startError } from "./start-report.ts";

/** The events of a control lane. */
export interface ControlEvents {
  /** The process has loaded the application. */
  loaded(): void;
  /** The process could not load the application. */
  loadFailed(error: StartError): void;
  /** A signal has asked the process to end. It keeps serving until Node closes the control lane. */
  exitRequested(): void;
  /** The process was forked. Comes before all other events. */
  forked(pid: number): void;
  /** The lane is closed: the process has exited, or sent something that is not valid FastCGI. */
  disconnected(): void;
}

/** What the process says about itself. */
export interface ControlledProcess {
  /** The process offers pipes for its output. @param answer is called with true if they are open */
  outputOffered(offer: ReadonlyMap<string, string>, answer: (opened: boolean) => void): void;
  /** The application has logged a record, see python/wsgi_bridge/records.py. */
  recordLogged(record: ReadonlyMap<string, string>): void;
}

/** What a control lane needs. */
export interface ControlContext {
  readonly settings: PythonAppSettings;
  readonly process: ControlledProcess;
}

/** FastCGI's standard question to a new responder (§4.1). The process answers it when the application is loaded. */
const GET_VALUES: string = record(RecordType.GET_VALUES, NULL_REQUEST_ID, pair("FCGI_MAX_CONNS", ""));

export class ControlLane {
  readonly #stream: Duplex;
  readonly #context: ControlContext;
  readonly #events: ControlEvents;
  /** The callbacks of interrupts that are not answered yet, oldest first. */
  readonly #onStacks: ((stack: string) => void)[] = [];

  constructor(stream: Duplex, context: ControlContext, events: ControlEvents) {
    this.#stream = stream;
    this.#context = context;
    this.#events = events;
    const reader = new RecordReader((type, _requestId, content) => this.receive(type, content));
    stream
      .on("data", (chunk: Buffer) => {
        try {
          reader.push(chunk);
        } catch {
          stream.destroy();
        }
      })
      .on("error", () => events.disconnected())
      .on("close", () => events.disconnected());
    stream.write(GET_VALUES, "latin1");
  }

  /**
   * Asks the process to raise an exception in the thread of a lane, if the thread still serves that request.
   *
   * @param request the request's number on its lane, counted from 1
   * @param onStack is called with the thread's stack trace, which is empty if the request has already ended. It is never
   *   called if the process can no longer answer
   */
  interrupt(lane: number, request: number, onStack: (stack: string) => void): void {
    this.#onStacks.push(onStack);
    this.send(RecordType.INTERRUPT, pair("lane", String(lane)) + pair("request", String(request)));
  }

  /** Closes the lane, which tells the process to exit when its running requests have ended. */
  end(): void {
    this.#stream.end();
  }

  #loaded(report: ReadonlyMap<string, string>): void {
    const library = report.get("threads") ?? "";
    if (library !== "") announceGreenThreads(this.#context.settings, library);
    this.#events.loaded();
  }

  #outputOffered(offer: ReadonlyMap<string, string>): void {
    this.#context.process.outputOffered(offer, (opened) => {
      this.send(RecordType.OUTPUT, opened ? pair("opened", "") : "");
    });
  }

  protected send(type: number, pairs: string): void {
    if (this.#stream.writable) this.#stream.write(record(type, NULL_REQUEST_ID, pairs), "latin1");
  }

  /** @throws RangeError for a record type that is not allowed on a control lane */
  protected receive(type: number, content: Buffer): void {
    if (type === RecordType.GET_VALUES_RESULT) this.#loaded(readPairs(content));
    else if (type === RecordType.EXCEPTION)
      this.#events.loadFailed(startError(readPairs(content), this.#context.settings));
    else if (type === RecordType.EXIT_REQUESTED) this.#events.exitRequested();
    else if (type === RecordType.FORKED) this.#events.forked(Number(readPairs(content).get("pid")));
    else if (type === RecordType.STACK) this.#onStacks.shift()?.(stackOf(content));
    else if (type === RecordType.OUTPUT) this.#outputOffered(readPairs(content));
    else if (type === RecordType.LOG) this.#context.process.recordLogged(readPairs(content));
    else throw new RangeError(`a worker does not send records of type ${type} on its control lane`);
  }
}

function stackOf(content: Buffer): string {
  return Buffer.from(readPairs(content).get("stack") ?? "", "latin1").toString();
}
