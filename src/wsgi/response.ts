/** Enforces PEP 3333's rules of order and length for a response. Knows states and bytes; knows no socket and no framework. */
import { AppProtocolError, ClientDisconnectError } from "../errors.ts";
import { frame, withLength } from "./framing.ts";
import { parseHead, type ResponseHead } from "./response-head.ts";
import type { HeaderList, HeaderPair, StartResponse, Write } from "./types.ts";

/** The destination of a response. Back-pressure is a promise, so that a caller cannot overlook it. */
export interface ResponseSink {
  /** Takes the head. Called once, before anything else. `length` is the size of the body in bytes, if known. */
  commit(code: number, reason: string, headers: HeaderList, length: number | undefined): void;
  /** Takes a block. Returns a promise if the caller should wait until the transport can take more, else `undefined`. */
  write(block: Uint8Array): Promise<void> | undefined;
  /** Ends the response after an optional last block. */
  end(block?: Uint8Array): void;
  /** Aborts the response, so that the client can tell that it is incomplete. `reason` is for the host's error handling. */
  abort(reason: unknown): void;
}

type State = "idle" | "held" | "sent" | "done" | "failed" | "broken";
type Event = "start" | "restart" | "commit" | "block" | "end" | "fail";

/**     idle ──start──▶ held ──commit──▶ sent ──end──▶ done      (PEP 3333, "The start_response() Callable")
 *        ╰──restart──▶╯  ╰restart╯     ╰block╯            idle, held ──fail──▶ failed    sent ──fail──▶ broken
 * `held` exists because the head must wait for the first non-empty block. Until then `excInfo` may replace it. */
const TRANSITIONS = {
  idle: { start: "held", restart: "held", fail: "failed" },
  held: { restart: "held", commit: "sent", fail: "failed" },
  sent: { block: "sent", end: "done", fail: "broken" },
  done: {},
  failed: {},
  broken: {},
} as const satisfies Record<State, Partial<Record<Event, State>>>;

/** What the application did wrong, by state and event. */
const REFUSALS: Partial<Record<`${State}:${Event}`, string>> = {
  "idle:commit": "the application sent a block, or ended its result, before it called startResponse",
  "held:start": "startResponse was called twice; a second call needs excInfo",
  "sent:start": "startResponse was called again after the head was sent",
  "done:start": "startResponse was called after the response had ended",
  "done:block": "write() was called after the response had ended",
};

/** Returns the next state. An event that the table does not list is a bug in the application. */
function next(state: State, event: Event): State {
  const to = (TRANSITIONS[state] as Partial<Record<Event, State>>)[event];
  if (to !== undefined) return to;
  throw new AppProtocolError(REFUSALS[`${state}:${event}`] ?? `${event} is not allowed while the response is ${state}`);
}

/** How many bytes an application may pass to `write()` before it awaits the promise. */
const UNAWAITED_LIMIT = 1024 * 1024;

/** Writes one response to a sink. `method` decides whether a body may follow the head. */
export class ResponseWriter {
  readonly #sink: ResponseSink;
  readonly #method: string;
  #state: State = "idle";
  /** Undefined before startResponse is called, and after a call that threw. */
  #head: ResponseHead | undefined;
  /** How many bytes are left until the declared length; undefined without a declared length or without a body. */
  #left: number | undefined;
  #bodyless = false;
  #usedWrite = false;
  #cut = false;
  #failure: unknown;
  #unawaited = 0;

  constructor(sink: ResponseSink, method: string) {
    this.#sink = sink;
    this.#method = method;
  }

  /** True once the head is sent. After that only a broken connection can tell the client about an error. */
  get committed(): boolean {
    return this.#state === "sent" || this.#state === "done" || this.#state === "broken";
  }

  /** True when further blocks would be dropped: the response has no body, or the application sent more than it declared. */
  get full(): boolean {
    return this.committed && (this.#bodyless || this.#cut);
  }

  /** True when the application sent more than it declared. The surplus was dropped. */
  get cut(): boolean {
    return this.#cut;
  }

  /** The function that the application gets. */
  readonly startResponse: StartResponse = (status, headers, excInfo) => {
    if (this.#failure instanceof ClientDisconnectError) throw this.#failure; // to stop the application
    const replaces = Boolean(excInfo);
    if (replaces && this.#state === "sent") {
      const error = original(excInfo);
      this.fail(error);
      throw error;
    }
    this.#state = next(this.#state, replaces ? "restart" : "start");
    this.#head = undefined; // if parseHead throws, the old head must not stay valid
    this.#head = parseHead(status, headers as HeaderPair[]);
    return this.#write;
  };

  /** Sends a block of the result. An empty block sends nothing and does not commit the head. */
  block(block: Uint8Array): Promise<void> | undefined {
    if (block.length === 0) return undefined;
    if (this.#failed) next(this.#state, "block"); // throws: the application has ignored the error
    if (!this.committed) this.#commit(undefined);
    if (this.#bodyless) return undefined;
    if (this.#left === undefined) return this.#sink.write(block);
    return this.#sized(block, this.#left);
  }

  /** Sends the only block of a result whose `length` is 1. Its size becomes the Content-Length (PEP 3333). */
  onlyBlock(block: Uint8Array): Promise<void> | undefined {
    if (block.length > 0 && !this.committed && !this.#usedWrite) this.#commit(block.length);
    return this.block(block);
  }

  /** Ends the response after the last block. */
  end(): void {
    if (this.#state === "done") return; // the last block filled the declared length
    if (this.#failed) next(this.#state, "end");
    if (!this.committed) this.#commit(0);
    if (this.#bodyless) return; // the response ended with its head
    if (this.#left !== undefined && this.#left > 0) {
      throw new AppProtocolError(`the body is ${this.#left} bytes shorter than its Content-Length`);
    }
    this.#state = next(this.#state, "end");
    this.#sink.end();
  }

  /** Fails the response. Aborts it if the head was sent; otherwise the host can still send an error response. */
  fail(reason: unknown): void {
    if (this.#state === "done" || this.#failed) return;
    this.#state = next(this.#state, "fail");
    this.#failure = reason;
    if (this.committed) this.#sink.abort(reason);
  }

  get #failed(): boolean {
    return this.#state === "failed" || this.#state === "broken";
  }

  /** @param known the length of the body, if it is known without a declaration */
  #commit(known: number | undefined): void {
    if (this.#state === "held" && this.#head === undefined) {
      throw new AppProtocolError("the application sent a block, or ended its result, after startResponse had thrown");
    }
    const sent = next(this.#state, "commit");
    const { code, reason, headers, contentLength } = this.#head as ResponseHead;
    const framing = frame(this.#method, code, { declared: contentLength, known });
    this.#sink.commit(code, reason, withLength(headers, contentLength, framing.length), framing.length);
    this.#state = sent; // only now: if the sink throws, nothing was sent, and the host can still send an error response
    this.#bodyless = framing.bodyless;
    this.#left = framing.bodyless ? undefined : framing.length;
    if (framing.bodyless) this.#finish();
  }

  #finish(last?: Uint8Array): void {
    this.#state = next(this.#state, "end");
    this.#sink.end(last);
  }

  /** Sends a block of a body of known length. The last block and the end are one write: most bodies are a single block. */
  #sized(block: Uint8Array, left: number): Promise<void> | undefined {
    if (block.length < left) {
      this.#left = left - block.length;
      return this.#sink.write(block);
    }
    this.#cut = block.length > left;
    if (left > 0) {
      this.#left = 0;
      this.#finish(this.#cut ? block.subarray(0, left) : block);
    }
    return undefined;
  }

  readonly #write: Write = (block) => {
    if (!(block instanceof Uint8Array)) throw new AppProtocolError("write() takes one Uint8Array");
    if (this.#failed) return settled(Promise.reject(this.#failure));
    this.#usedWrite = true;
    if (!this.committed) this.#commit(undefined);
    if (this.#bodyless || (block.length === 0 && this.#state === "done")) return Promise.resolve();
    if (this.#state !== "sent" || (this.#left !== undefined && block.length > this.#left)) {
      throw new AppProtocolError("write() exceeds the Content-Length, or was called after the end of the response");
    }
    const before = this.#unawaited;
    this.#unawaited += block.length;
    if (before > 0 && this.#unawaited > UNAWAITED_LIMIT) {
      throw new AppProtocolError(
        `write() was given ${this.#unawaited} bytes that the client has not read yet; await the promise that write() returns`,
      );
    }
    // An empty block goes to the sink, because it sends the head.
    const taken = (block.length === 0 ? this.#sink.write(block) : this.block(block)) ?? Promise.resolve();
    return settled(
      taken.then(() => {
        this.#unawaited = 0;
      }),
    );
  };
}

/** Prevents an unhandled rejection if the application ignores the promise. */
function settled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

/** Returns the error to rethrow: the Error itself, or the value in Python's `(type, value, traceback)`. */
function original(excInfo: unknown): unknown {
  return Array.isArray(excInfo) ? excInfo[1] : excInfo;
}
