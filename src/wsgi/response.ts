/** The response writer: PEP 3333's rules of order and length. Knows states and bytes; knows no socket and no framework. */
import { AppProtocolError, ClientDisconnectError } from "../errors.ts";
import { frame, withLength } from "./framing.ts";
import { parseHead, type ResponseHead } from "./response-head.ts";
import type { HeaderList, HeaderPair, StartResponse, Write } from "./types.ts";

/** Where a response goes. Back-pressure is a promise, never a boolean to forget. */
export interface ResponseSink {
  /** The head, once, before everything else. The body is `length` bytes, or of unknown length. */
  commit(code: number, reason: string, headers: HeaderList, length: number | undefined): void;
  /** `undefined`: go on at once. A promise: wait until the transport can take more. */
  write(block: Uint8Array): Promise<void> | undefined;
  /** The clean end, with a last block if there is one left. */
  end(block?: Uint8Array): void;
  /** The unclean end, which the client can tell from a clean one. `reason` is for the host's own error handling. */
  abort(reason: unknown): void;
}

type State = "idle" | "held" | "sent" | "done" | "failed" | "broken";
type Event = "start" | "restart" | "commit" | "block" | "end" | "fail";

/**     idle ──start──▶ held ──commit──▶ sent ──end──▶ done      (PEP 3333, "The start_response() Callable")
 *        ╰──restart──▶╯  ╰restart╯     ╰block╯            idle, held ──fail──▶ failed    sent ──fail──▶ broken
 * `held` exists because the head must wait for the first non-empty block; until then `excInfo` may replace it. */
const TRANSITIONS = {
  idle: { start: "held", restart: "held", fail: "failed" },
  held: { restart: "held", commit: "sent", fail: "failed" },
  sent: { block: "sent", end: "done", fail: "broken" },
  done: {},
  failed: {},
  broken: {},
} as const satisfies Record<State, Partial<Record<Event, State>>>;

/** What an application did wrong when it asked for something that its state does not allow. */
const REFUSALS: Partial<Record<`${State}:${Event}`, string>> = {
  "idle:commit": "a block, or the end, came before startResponse was called",
  "held:start": "startResponse was called twice; a second call needs excInfo",
  "sent:start": "startResponse was called again after the head was sent",
  "done:start": "startResponse was called after the response had ended",
  "done:block": "write() was called after the response had ended",
};

/** The only place where a state changes. An event the table does not list is the application's bug. */
function next(state: State, event: Event): State {
  const to = (TRANSITIONS[state] as Partial<Record<Event, State>>)[event];
  if (to !== undefined) return to;
  throw new AppProtocolError(REFUSALS[`${state}:${event}`] ?? `${event} is not allowed while the response is ${state}`);
}

/** How much `write()` takes from an application that does not wait for its promise. */
const UNAWAITED_LIMIT = 1024 * 1024;

/** One response on its way to a sink. `method` decides whether a body may follow the head. */
export class ResponseWriter {
  readonly #sink: ResponseSink;
  readonly #method: string;
  #state: State = "idle";
  /** Undefined while idle, and after a call of startResponse that was refused. */
  #head: ResponseHead | undefined;
  /** Bytes that the declared length still allows; undefined without a declared length, or without a body. */
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

  /** True once the head is on its way: nothing but the connection's end can tell the client of an error then. */
  get committed(): boolean {
    return this.#state === "sent" || this.#state === "done" || this.#state === "broken";
  }

  /** True when further blocks would be for nothing: there is no body to send, or the application gave more than it declared. */
  get full(): boolean {
    return this.committed && (this.#bodyless || this.#cut);
  }

  /** True when the application gave more than it declared: the surplus was not sent. */
  get cut(): boolean {
    return this.#cut;
  }

  /** The function that the application is given. */
  readonly startResponse: StartResponse = (status, headers, excInfo) => {
    if (this.#failure instanceof ClientDisconnectError) throw this.#failure; // the application could not know
    const replaces = Boolean(excInfo);
    if (replaces && this.#state === "sent") {
      const error = original(excInfo);
      this.fail(error);
      throw error;
    }
    this.#state = next(this.#state, replaces ? "restart" : "start");
    this.#head = undefined; // a head that parseHead refuses must not leave the old one in force
    this.#head = parseHead(status, headers as HeaderPair[]);
    return this.#write;
  };

  /** A block of the result. Empty blocks are legal and send nothing, so that they do not commit the head. */
  block(block: Uint8Array): Promise<void> | undefined {
    if (block.length === 0) return undefined;
    if (this.#failed) next(this.#state, "block"); // an application that swallowed the error and goes on
    if (!this.committed) this.#commit(undefined);
    if (this.#bodyless) return undefined;
    if (this.#left === undefined) return this.#sink.write(block);
    return this.#sized(block, this.#left);
  }

  /** The only block of a result whose `length` is 1: its size is the response's (PEP 3333, "Content-Length"). */
  onlyBlock(block: Uint8Array): Promise<void> | undefined {
    if (block.length > 0 && !this.committed && !this.#usedWrite) this.#commit(block.length);
    return this.block(block);
  }

  /** The result has no more blocks. */
  end(): void {
    if (this.#state === "done") return; // the last block filled the declared length
    if (this.#failed) next(this.#state, "end");
    if (!this.committed) this.#commit(0);
    if (this.#bodyless) return; // its head was its end
    if (this.#left !== undefined && this.#left > 0) {
      throw new AppProtocolError(`the body is ${this.#left} bytes shorter than its Content-Length`);
    }
    this.#state = next(this.#state, "end");
    this.#sink.end();
  }

  /** Gives the response up. A head that was sent makes it a broken connection; otherwise the host may still answer. */
  fail(reason: unknown): void {
    if (this.#state === "done" || this.#failed) return;
    this.#state = next(this.#state, "fail");
    this.#failure = reason;
    if (this.committed) this.#sink.abort(reason);
  }

  get #failed(): boolean {
    return this.#state === "failed" || this.#state === "broken";
  }

  /** @param known the body's length, where it is known without the application's declaration */
  #commit(known: number | undefined): void {
    if (this.#state === "held" && this.#head === undefined) {
      throw new AppProtocolError("a block, or the end, came after startResponse had refused its arguments");
    }
    const sent = next(this.#state, "commit");
    const { code, reason, headers, contentLength } = this.#head as ResponseHead;
    const framing = frame(this.#method, code, { declared: contentLength, known });
    this.#sink.commit(code, reason, withLength(headers, contentLength, framing.length), framing.length);
    this.#state = sent; // not before: a sink that refuses the head has sent nothing, and the host may still answer
    this.#bodyless = framing.bodyless;
    this.#left = framing.bodyless ? undefined : framing.length;
    if (framing.bodyless) this.#finish();
  }

  #finish(last?: Uint8Array): void {
    this.#state = next(this.#state, "end");
    this.#sink.end(last);
  }

  /** One write for the last block and the end: most responses are a single block of a known size. */
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
      throw new AppProtocolError("write() was given more than the Content-Length, or came after the end");
    }
    const before = this.#unawaited;
    this.#unawaited += block.length;
    if (before > 0 && this.#unawaited > UNAWAITED_LIMIT) {
      throw new AppProtocolError(
        `write() was given ${this.#unawaited} bytes that the client has not taken; await the promise it returns`,
      );
    }
    // An empty block sends the head alone, so the sink hears of it.
    const taken = (block.length === 0 ? this.#sink.write(block) : this.block(block)) ?? Promise.resolve();
    return settled(
      taken.then(() => {
        this.#unawaited = 0;
      }),
    );
  };
}

/** An application that does not look at its promise must not end the process. */
function settled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

/** The error to throw again: an Error as it is, or the value of Python's `(type, value, traceback)`. */
function original(excInfo: unknown): unknown {
  return Array.isArray(excInfo) ? excInfo[1] : excInfo;
}
