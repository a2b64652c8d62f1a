/** One response as its validator sees it: the order of its events, and its bytes. Knows no app and no gateway. */
import { type CheckedHead, checkExcInfo, checkHead, type HeadContext } from "./response-checks.ts";
import type { RuleKey } from "./rules.ts";
import { appBroke } from "./validation-error.ts";

type State = "idle" | "refused" | "started" | "ended";
type Event = "call" | "replace" | "accept" | "block" | "end";

/**     idle ──call, replace──▶ refused ──accept──▶ started ──end──▶ ended
 *                             ╰replace╯◀─replace──╯ ╰block╯
 * A call counts as refused until the gateway has accepted it: the second call needs excInfo then, too. */
const TRANSITIONS = {
  idle: { call: "refused", replace: "refused" },
  refused: { replace: "refused", accept: "started" },
  started: { replace: "refused", block: "started", end: "ended" },
  ended: {},
} as const satisfies Record<State, Partial<Record<Event, State>>>;

const TWICE = "Call it once; to replace a head, pass the error as third argument.";
const FIRST = "Call startResponse before the first block, an empty one too.";

/** What the app did wrong when it came to an event that its state does not allow. */
const REFUSALS: Partial<Record<`${State}:${Event}`, readonly [rule: RuleKey, found: string, fix: string]>> = {
  "refused:call": ["VAL-32:twice", "startResponse was called again, without excInfo, after it had thrown", TWICE],
  "started:call": ["VAL-32:twice", "startResponse was called twice without excInfo", TWICE],
  "ended:call": ["VAL-32:twice", "startResponse was called after the last block", TWICE],
  "ended:replace": ["VAL-32:twice", "startResponse was called after the last block", TWICE],
  "idle:block": ["VAL-26", "a block came before startResponse was called", FIRST],
  "idle:end": ["VAL-26", "the result ended before startResponse was called", FIRST],
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
  /** Bytes of body, written and yielded. */
  #given = 0;
  /** The gateway has asked for a block. */
  #iterating = false;

  constructor(context: HeadContext) {
    this.#context = context;
  }

  /**
   * startResponse is called.
   *
   * @returns what the head says, to be accepted when the gateway has taken it
   * @throws ValidationError
   */
  call(status: unknown, headers: unknown, excInfo: unknown): CheckedHead {
    checkExcInfo(excInfo);
    this.#next(excInfo === undefined || excInfo === null ? "call" : "replace");
    return checkHead(status, headers, this.#context);
  }

  accept(head: CheckedHead): void {
    this.#next("accept");
    this.#head = head;
  }

  iterating(): void {
    this.#iterating = true;
  }

  /** @throws ValidationError */
  write(block: Uint8Array): void {
    // An empty block is how the head is sent early; it can come from within, and disturbs no order.
    if (this.#iterating && this.#state !== "ended" && block.length > 0) {
      this.#context.warnings.app(
        "VAL-32:write",
        "write() was called while the result was iterated over",
        "Yield the block instead: written bytes come before all blocks.",
      );
    }
    this.block(block);
  }

  /** @throws ValidationError */
  block(block: Uint8Array): void {
    this.#next("block");
    if (block.length > 0) this.#count(block.length);
  }

  /** @throws ValidationError */
  end(): void {
    this.#next("end");
    const { code, declared } = this.#head;
    if (declared === undefined || declared === this.#given || BODYLESS.has(code) || this.#isHead) return;
    throw appBroke(
      "VAL-32:bytes",
      `Content-Length is ${declared} and the body has ${this.#given} bytes`,
      "Declare the number of bytes (not of characters), or nothing.",
    );
  }

  get #isHead(): boolean {
    return this.#context.method === "HEAD";
  }

  #count(size: number): void {
    const { code, declared } = this.#head;
    if (BODYLESS.has(code)) {
      throw appBroke("VAL-32:no-body", `a ${code} was given ${size} bytes of body`, "Return [] with it.");
    }
    if (this.#isHead) {
      this.#context.warnings.app("VAL-32:no-body", "HEAD was answered with a body", "Return []: it is not sent.");
      return;
    }
    this.#given += size;
    if (declared === undefined || this.#given <= declared) return;
    throw appBroke(
      "VAL-32:bytes",
      `Content-Length is ${declared} and the body has ${this.#given} bytes or more`,
      "Declare the number of bytes (not of characters), or nothing.",
    );
  }

  #next(event: Event): void {
    const to = (TRANSITIONS[this.#state] as Partial<Record<Event, State>>)[event];
    if (to === undefined)
      throw appBroke(...(REFUSALS[`${this.#state}:${event}`] as readonly [RuleKey, string, string]));
    this.#state = to;
  }
}
