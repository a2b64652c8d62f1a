/** The two limits of a response: the time to its head, then the time between two pieces of its body. Knows no connection. */
import type { HeaderPair } from "../wsgi/types.ts";
import { Deadlines, type Timed } from "./deadlines.ts";

/** The option that sets a limit. */
export type ResponseLimit = "requestTimeout" | "streamTimeout";

/** The deadlines of all responses of one app. */
export class ResponseDeadlines {
  readonly requestTimeout: Deadlines;
  readonly streamTimeout: Deadlines;

  /** @param limits in milliseconds; infinite for no limit */
  constructor(limits: Readonly<Record<ResponseLimit, number>>) {
    this.requestTimeout = new Deadlines(limits.requestTimeout);
    this.streamTimeout = new Deadlines(limits.streamTimeout);
  }

  clear(): void {
    this.requestTimeout.clear();
    this.streamTimeout.clear();
  }
}

/** What runs: one of the limits; nothing, because events may be rare; nothing, because there is no response to wait for.
 *
 *     stopped ──start()──▶ requestTimeout ──head()──▶ streamTimeout                any ──stop(), time is over──▶ stopped
 *                          requestTimeout ──head() of an event stream──▶ unlimited ──clientLeft()──▶ streamTimeout */
type State = "stopped" | "requestTimeout" | "streamTimeout" | "unlimited";

/** Measures one response after the other. Time in which nobody reads the response does not count. */
export class ResponseTimer implements Timed {
  readonly #deadlines: ResponseDeadlines;
  readonly #onExpire: (limit: ResponseLimit) => void;
  #state: State = "stopped";
  #startedAt = 0;
  #paused = false;

  /** @param onExpire is called when the time is over, at most once after each `start()` */
  constructor(deadlines: ResponseDeadlines, onExpire: (limit: ResponseLimit) => void) {
    this.#deadlines = deadlines;
    this.#onExpire = onExpire;
  }

  get since(): number {
    return this.#paused ? performance.now() : this.#startedAt;
  }

  /** Called when the request was sent. */
  start(): void {
    this.#enter("requestTimeout");
  }

  /** Called when the head has arrived. */
  head(headers: readonly HeaderPair[]): void {
    if (this.#state === "requestTimeout") this.#enter(isEventStream(headers) ? "unlimited" : "streamTimeout");
  }

  /** Called when the client has left: from then on, an event stream that sends nothing holds a thread for nobody. */
  clientLeft(): void {
    this.resume();
    if (this.#state === "unlimited") this.#enter("streamTimeout");
  }

  /** Starts the time again from zero. Called when a piece of the request was sent or a piece of the body has arrived. */
  refresh(): void {
    this.#startedAt = performance.now();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused) this.refresh();
    this.#paused = false;
  }

  stop(): void {
    this.#enter("stopped");
  }

  expire(): void {
    const limit = this.#state as ResponseLimit; // only the limits have deadlines
    this.#state = "stopped";
    this.#onExpire(limit);
  }

  #enter(next: State): void {
    const previous = this.#state;
    this.#state = next;
    if (isLimit(previous)) this.#deadlines[previous].delete(this);
    if (!isLimit(next)) return;
    this.refresh();
    this.#deadlines[next].add(this);
  }
}

/** Returns the end of a message about a response that took too long. */
export function exceeded(limit: ResponseLimit, limits: Readonly<Record<ResponseLimit, number>>): string {
  const where = limit === "streamTimeout" ? " between two parts of its response" : "";
  return `took longer than ${limit}, ${limits[limit]} ms${where}`;
}

const isLimit = (state: State): state is ResponseLimit => state === "requestTimeout" || state === "streamTimeout";

/** Compares the media type, without its parameters. */
function isEventStream(headers: readonly HeaderPair[]): boolean {
  const [, type = ""] = headers.find(([name]) => name.toLowerCase() === "content-type") ?? [];
  return type.split(";", 1)[0]?.trim().toLowerCase() === "text/event-stream";
}
