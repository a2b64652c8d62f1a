/** Whether, and where, a request may be sent again. Knows what was tried; sends nothing. */
import type { BridgeError } from "../errors.ts";
import type { Upstream } from "./upstream.ts";

/** Methods that may be carried out twice (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** How often a request is sent on new connections. */
const MAX_SENT = 2;

/**
 * A request is sent again
 *
 * - whatever its method, when no connection could be had, or the server says that it has not begun it: to each address once;
 * - if its method is safe, when a connection broke before the response's head was whole: on a new connection, and once more on
 *   another, elsewhere if there is an elsewhere.
 *
 * Others than safe ones go on new connections alone: a server may close a kept one while the request is on its way, and nobody
 * could say whether it was carried out.
 */
export class RetryPolicy {
  readonly #isSafe: boolean;
  readonly #failed: Map<Upstream, BridgeError> = new Map();
  #mayReuse: boolean;
  #avoided: Upstream | undefined;
  #kept = false;
  /** On new connections. */
  #sent = 0;

  constructor(method: string) {
    this.#isSafe = SAFE.has(method);
    this.#mayReuse = this.#isSafe;
  }

  /** It may go on a connection that was kept. */
  get mayReuse(): boolean {
    return this.#mayReuse;
  }

  /** Goes elsewhere if there is an elsewhere. */
  get avoided(): Upstream | undefined {
    return this.#avoided;
  }

  /** What was said by the last that could not serve it. */
  get lastReason(): BridgeError | undefined {
    return [...this.#failed.values()].at(-1);
  }

  /** Has this one shown that it cannot serve it? */
  failedAt(upstream: Upstream): boolean {
    return this.#failed.has(upstream);
  }

  sent(kept: boolean): void {
    this.#kept = kept;
    if (!kept) this.#sent += 1;
  }

  /** It was not begun there, and may go to all others. */
  notBegun(upstream: Upstream, reason: BridgeError): void {
    this.#failed.set(upstream, reason);
  }

  /** The connection broke before there was an answer. @returns may it be sent again? */
  broke(upstream: Upstream): boolean {
    if (!this.#isSafe || (!this.#kept && this.#sent >= MAX_SENT)) return false;
    this.#mayReuse = false;
    if (!this.#kept) {
      upstream.noteFailure(); // a kept connection that closes is none
      this.#avoided = upstream;
    }
    return true;
  }
}
