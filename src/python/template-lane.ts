/** Node's end of a template's control lane. Knows records; knows no process. */
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { pair, RecordType, readPairs } from "../fastcgi/records.ts";
import { type ControlContext, type ControlEvents, ControlLane } from "./control.ts";

/** The events of a template's control lane. */
export interface TemplateEvents extends ControlEvents {
  /** A worker has ended. @param how such as "with code 0" or "by SIGKILL" */
  workerEnded(worker: number, how: string): void;
  /** A worker could not be forked. @param code a system error such as "EAGAIN" */
  forkFailed(worker: number, code: string): void;
}

export class TemplateLane extends ControlLane {
  readonly #events: TemplateEvents;

  constructor(stream: Duplex, context: ControlContext, events: TemplateEvents) {
    super(stream, context, events);
    this.#events = events;
  }

  /** Asks the template to send a signal to a worker. */
  signal(worker: number, signal: NodeJS.Signals): void {
    this.send(
      RecordType.SIGNAL_WORKER,
      pair("worker", String(worker)) + pair("signal", String(constants.signals[signal])),
    );
  }

  protected override receive(type: number, content: Buffer): void {
    if (type === RecordType.WORKER_ENDED) this.#workerEnded(readPairs(content));
    else super.receive(type, content);
  }

  #workerEnded(end: ReadonlyMap<string, string>): void {
    const worker = Number(end.get("worker"));
    const error = end.get("error");
    if (error !== undefined) this.#events.forkFailed(worker, error);
    else
      this.#events.workerEnded(worker, end.has("signal") ? `by ${end.get("signal")}` : `with code ${end.get("code")}`);
  }
}
