/** Watches one response: the order of its events, and the number of its bytes. Knows no app and no gateway. */
import { type CheckedHead, checkExcInfo, checkHead, type HeadContext } from "./response-checks.ts";
import type { RuleKey } from "./rules.ts";
import { appError } from "./validation-error.ts";

type State = "idle" | "refused" | "started" | "ended";
type Event = "call" | "replace" | "accept" | "block" | "end";

/**     idle ──call, replace──▶ refused ──accept──▶ started ──end──▶ ended
 *                             ╰replace╯◀─replace──╯ ╰block╯
 * A call counts as refused until the gateway has accepted it. After a refused call, the next call also needs excInfo. */
const TRANSITIONS = {
  idle: { call: "refused", replace: "refused" },
  refused: { replace: "refused", accept: "started" },
  started: { replace: "refused", block: "started", end: "ended" },
  ended: {},
} as const satisfies Record<State, Partial<Record<Event, State>>>;

const CALL_ONCE = "Call it once. To replace the head after an error, pass the error as third argument.";
const CALL_FIRST = "Call startResponse before the first block, even if that is empty.";

/** What the app did wrong, by state and event. */
const REFUSALS: Partial<Record<`${State}:${Event}`, readonly [rule: RuleKey, found: string, fix: string]>> = {
  "refused:call": ["VAL-32:twice", "startResponse was called again, without excInfo, after it had thrown", CALL_ONCE],
  "started:call": ["VAL-32:twice", "startResponse was called twice without excInfo", CALL_ONCE],
  "ended:call": ["VAL-32:twice", "startResponse was called after the last block", CALL_ONCE],
  "ended:replace": ["VAL-32:twice", "startResponse was called after the last block", CALL_ONCE],
  "idle:block": ["VAL-26", "a block came before startResponse was called", CALL_FIRST],
  "idle:end": ["VAL-26", "the result ended before startResponse was called", CALL_FIRST],
  "refused:block": ["VAL-26", "a block came although startResponse had thrown", "Do not catch what it throws."],
  "refused:end": ["VAL-26", "the result ended although startResponse had thrown", "Do not catch what it throws."],
  "ended:block": ["VAL-32:write", "write() was called after the last block", "Write before the result ends."],
};

/** Statuses without a body (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

export class ResponseWatch {
  readonly #context: HeadContext;
  #state: State = "idle";
  #head: CheckedHead = { code: 0, declared: undefined };
  /** The size of the body so far, in bytes, written and yielded. */
  #bytesSent = 0;
  /** True after the gateway has requested a block. */
  #iterating = false;

  constructor(context: HeadContext) {
    this.#context = context;
  }

  /**
   * Checks a call of startResponse.
   *
   * @returns the checked head, to be passed to `accept`
   * @throws ValidationError
   */
  call(status: unknown, headers: unknown, excInfo: unknown): CheckedHead {
    checkExcInfo(excInfo);
    this.#next(excInfo === undefined || excInfo === null ? "call" : "replace");
    return checkHead(status, headers, this.#context);
  }

  /** Called when the gateway's startResponse has returned without an error. */
  accept(head: CheckedHead): void {
    this.#next("accept");
    this.#head = head;
  }

  /** Called when the gateway requests a block. */
  iterating(): void {
    this.#iterating = true;
  }

  /**
   * Called when the app calls `write()`.
   *
   * @throws ValidationError
   */
  write(block: Uint8Array): void {
    // An empty block only sends the head early. It may be written during the iteration, because it changes no order.
    if (this.#iterating && this.#state !== "ended" && block.length > 0) {
      this.#context.warnings.app(
        "VAL-32:write",
        "write() was called during the iteration of the result",
        "Yield the block instead: written bytes must come before all blocks.",
      );
    }
    this.block(block);
  }

  /**
   * Called for each block, written or yielded.
   *
   * @throws ValidationError
   */
  block(block: Uint8Array): void {
    this.#next("block");
    if (block.length > 0) this.#count(block.length);
  }

  /**
   * Called when the result has ended.
   *
   * @throws ValidationError
   */
  end(): void {
    this.#next("end");
    const { code, declared } = this.#head;
    if (declared === undefined || declared === this.#bytesSent || BODYLESS.has(code) || this.#isHead) return;
    throw appError(
      "VAL-32:bytes",
      `Content-Length is ${declared}, but the body has ${this.#bytesSent} bytes`,
      "Declare the number of bytes (not of characters), or nothing.",
    );
  }

  get #isHead(): boolean {
    return this.#context.method === "HEAD";
  }

  #count(size: number): void {
    const { code, declared } = this.#head;
    if (BODYLESS.has(code)) {
      throw appError("VAL-32:no-body", `a ${code} has ${size} bytes of body`, "Return [] for this status.");
    }
    if (this.#isHead) {
      this.#context.warnings.app(
        "VAL-32:no-body",
        "the response to HEAD has a body",
        "Return []: the server does not send the body.",
      );
      return;
    }
    this.#bytesSent += size;
    if (declared === undefined || this.#bytesSent <= declared) return;
    throw appError(
      "VAL-32:bytes",
      `Content-Length is ${declared}, but the body has ${this.#bytesSent} bytes or more`,
      "Declare the number of bytes (not of characters), or nothing.",
    );
  }

  #next(event: Event): void {
    const to = (TRANSITIONS[this.#state] as Partial<Record<Event, State>>)[event];
    if (to === undefined)
      throw appError(...(REFUSALS[`${this.#state}:${event}`] as readonly [RuleKey, string, string]));
    this.#state = to;
  }
}
