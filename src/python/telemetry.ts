/** Diagnostics channels, counters and quantiles. Knows messages and times; decides nothing. */
import { channel } from "node:diagnostics_channel";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Environ } from "../wsgi/types.ts";

/** Published on the channel `wsgi-bridge:process:start` when a CPython process was started. */
export interface ProcessStartMessage {
  /** The target passed to `pythonApp`. */
  readonly target: string;
  readonly pid: number | undefined;
}

/** Published on the channel `wsgi-bridge:process:exit` when a process has exited. */
export interface ProcessExitMessage extends ProcessStartMessage {
  /** For example "with code 0" or "by SIGKILL". */
  readonly how: string;
}

/** Published on the channel `wsgi-bridge:request:start` when a process receives a request. A retry is a new request here. */
export interface RequestStartMessage {
  readonly target: string;
  readonly pid: number | undefined;
  /** The request's environ. The end message has the same object, so it can be the key of a WeakMap. */
  readonly environ: Environ;
}

/** Published on the channel `wsgi-bridge:request:end` when Python has finished a request, or the request has failed. */
export interface RequestEndMessage extends RequestStartMessage {
  /** Milliseconds since the start message. */
  readonly duration: number;
  /** The application's status, such as "200 OK"; undefined if the application set none. */
  readonly status: string | undefined;
  /** Why the request failed; undefined if it succeeded. */
  readonly error: Error | undefined;
}

/** Quantiles in milliseconds, over all measurements since the start. */
export interface Quantiles {
  /** The number of measurements. */
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

  /** How long requests took in Python, from start to end. */
  get latency(): Quantiles {
    return quantiles(this.#latency);
  }

  /** @param waited how long the request waited for a lane, in milliseconds */
  requestStarted(waited: number, pid: number | undefined, environ: Environ): void {
    this.#waits.record(microseconds(waited));
    if (requestStart.hasSubscribers) requestStart.publish({ target: this.#target, pid, environ });
  }

  requestEnded(end: Omit<RequestEndMessage, "target">): void {
    this.#latency.record(microseconds(end.duration));
    if (requestEnd.hasSubscribers) requestEnd.publish({ target: this.#target, ...end });
  }
}

/** Returns at least 1, the smallest value that a histogram accepts. */
function microseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1000));
}

function quantiles(histogram: RecordableHistogram): Quantiles {
  const { count } = histogram;
  const at = (percentile: number): number => (count === 0 ? 0 : histogram.percentile(percentile) / 1000);
  return { count, p50: at(50), p90: at(90), p99: at(99), max: count === 0 ? 0 : histogram.max / 1000 };
}
