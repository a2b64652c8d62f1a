/** Decides whether a request may be retried, and where. Knows the attempts; sends nothing. */
import type { BridgeError } from "../errors.ts";
import type { Upstream } from "./upstream.ts";

/** Safe methods: a second execution does no harm (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** The number of attempts on new connections. */
const MAX_ATTEMPTS = 2;

/**
 * A request is retried in two cases:
 *
 * - With any method, if no connection could be opened, or if the server reports that it has not started the request. Each
 *   address is tried once.
 * - With a safe method, if the connection broke before the response head was complete. After a reused connection the request
 *   goes to a new one. After a new connection it gets one more attempt, on another address if there is one.
 *
 * A request with an unsafe method uses only new connections. A server may close a reused one while the request is on its way,
 * and then nobody knows whether the server has executed the request.
 */
export class RetryPolicy {
  readonly #isSafe: boolean;
  readonly #failures: Map<Upstream, BridgeError> = new Map();
  #mayReuse: boolean;
  #avoided: Upstream | undefined;
  #reused = false;
  /** The number of attempts on new connections so far. */
  #attempts = 0;

  constructor(method: string) {
    this.#isSafe = SAFE.has(method);
    this.#mayReuse = this.#isSafe;
  }

  /** True if the request may use a connection that has carried requests before. */
  get mayReuse(): boolean {
    return this.#mayReuse;
  }

  /** The upstream to avoid, if another one is up. */
  get avoided(): Upstream | undefined {
    return this.#avoided;
  }

  /** The error of the last upstream that could not serve the request. */
  get lastReason(): BridgeError | undefined {
    return [...this.#failures.values()].at(-1);
  }

  /** True if the upstream could not serve the request. */
  failedAt(upstream: Upstream): boolean {
    return this.#failures.has(upstream);
  }

  sent(reused: boolean): void {
    this.#reused = reused;
    if (!reused) this.#attempts += 1;
  }

  /** Called when the upstream did not start the request. All others may be tried. */
  cannotServe(upstream: Upstream, reason: BridgeError): void {
    this.#failures.set(upstream, reason);
  }

  /** Called when the connection broke before there was a response. @returns true if the request may be retried */
  connectionLost(upstream: Upstream): boolean {
    if (!this.#isSafe || (!this.#reused && this.#attempts >= MAX_ATTEMPTS)) return false;
    this.#mayReuse = false;
    if (!this.#reused) {
      upstream.countFailure(); // closing a reused connection is not a failure
      this.#avoided = upstream;
    }
    return true;
  }
}
