/** What happens, for those who want to see it: channels, counts and quantiles. Knows messages and times; decides nothing. */
import { channel } from "node:diagnostics_channel";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Environ } from "../wsgi/types.ts";

/** On the channel `wsgi-bridge:process:start`: a CPython process was started. */
export interface ProcessStartMessage {
  /** What `pythonApp` was given. */
  readonly target: string;
  readonly pid: number | undefined;
}

/** On `wsgi-bridge:process:exit`: it has ended. */
export interface ProcessExitMessage extends ProcessStartMessage {
  /** "with code 0", "by SIGKILL" */
  readonly how: string;
}

/** On `wsgi-bridge:request:start`: a request was given to a process. A second try is told as another request. */
export interface RequestStartMessage {
  readonly target: string;
  readonly pid: number | undefined;
  /** The same object at the request's end: a key for a WeakMap. */
  readonly environ: Environ;
}

/** On `wsgi-bridge:request:end`: Python is through with it. */
export interface RequestEndMessage extends RequestStartMessage {
  /** Milliseconds since its start. */
  readonly duration: number;
  /** As the application gave it, such as "200 OK"; undefined where it gave none. */
  readonly status: string | undefined;
  /** Why it ended otherwise than well. */
  readonly error: Error | undefined;
}

/** Milliseconds, of all that was ever measured. */
export interface Quantiles {
  /** How many were measured. */
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const processStart = channel("wsgi-bridge:process:start");
const processExit = channel("wsgi-bridge:process:exit");
const requestStart = channel("wsgi-bridge:request:start");
const requestEnd = channel("wsgi-bridge:request:end");

export function processStarted(message: ProcessStartMessage): void {
  if (processStart.hasSubscribers) processStart.publish(message);
}

export function processExited(message: ProcessExitMessage): void {
  if (processExit.hasSubscribers) processExit.publish(message);
}

export class Telemetry {
  readonly #target: string;
  readonly #waits: RecordableHistogram = createHistogram();
  readonly #latency: RecordableHistogram = createHistogram();

  constructor(target: string) {
    this.#target = target;
  }

  /** How long requests waited for a lane. */
  get waits(): Quantiles {
    return quantiles(this.#waits);
  }

  /** How long Python took, from the request's start to its end. */
  get latency(): Quantiles {
    return quantiles(this.#latency);
  }

  /** @param waited milliseconds */
  requestStarted(waited: number, pid: number | undefined, environ: Environ): void {
    this.#waits.record(microseconds(waited));
    if (requestStart.hasSubscribers) requestStart.publish({ target: this.#target, pid, environ });
  }

  requestEnded(end: Omit<RequestEndMessage, "target">): void {
    this.#latency.record(microseconds(end.duration));
    if (requestEnd.hasSubscribers) requestEnd.publish({ target: this.#target, ...end });
  }
}

/** A histogram counts from 1. */
function microseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1000));
}

function quantiles(histogram: RecordableHistogram): Quantiles {
  const { count } = histogram;
  const at = (percentile: number): number => (count === 0 ? 0 : histogram.percentile(percentile) / 1000);
  return { count, p50: at(50), p90: at(90), p99: at(99), max: count === 0 ? 0 : histogram.max / 1000 };
}
