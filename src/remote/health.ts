/** Decides whether an address is up, and when to probe it. Knows consecutive failures and delays; opens no connection. */

/**     up ──failed(), `maxFailures` times in a row──▶ ejected ──succeeded()──▶ up     while ejected: probe() after each delay
 * Only failed attempts to connect count: a request that breaks its connection would break one to the next server, too. */
export interface HealthEvents {
  /** The address gets no more requests. */
  ejected(reason: Error): void;
  /** The owner must try to connect, and then call `succeeded` or `failed`. */
  probe(): void;
  /** The address accepts connections again. */
  restored(): void;
}

export interface HealthRules {
  readonly maxFailures: number;
  /** Milliseconds until the first probe. The delay doubles after each failed probe. */
  readonly firstDelay: number;
  /** The longest delay, in milliseconds. */
  readonly maxDelay: number;
}

export class Health {
  readonly #rules: HealthRules;
  readonly #events: HealthEvents;
  /** The number of consecutive failures. */
  #failures = 0;
  /** The current delay in milliseconds; undefined while the address is up. */
  #delay: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(rules: HealthRules, events: HealthEvents) {
    this.#rules = rules;
    this.#events = events;
  }

  get isEjected(): boolean {
    return this.#delay !== undefined;
  }

  /** Called when a connection was opened. */
  succeeded(): void {
    this.#failures = 0;
    if (this.#delay === undefined) return;
    this.#cancelProbe();
    this.#delay = undefined;
    this.#events.restored();
  }

  /**
   * Called when a connection could not be opened.
   *
   * @param mayEject false for the last address that is up: it is never ejected, because trying it is better than refusing
   */
  failed(reason: Error, mayEject: boolean): void {
    if (this.#stopped) return;
    this.#failures += 1;
    if (this.#delay !== undefined) {
      this.#scheduleProbe(Math.min(this.#delay * 2, this.#rules.maxDelay));
    } else if (mayEject && this.#failures >= this.#rules.maxFailures) {
      this.#scheduleProbe(this.#rules.firstDelay);
      this.#events.ejected(reason);
    }
  }

  /** Cancels the scheduled probe. No further one is scheduled. */
  stop(): void {
    this.#stopped = true;
    this.#cancelProbe();
  }

  #cancelProbe(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #scheduleProbe(delay: number): void {
    if (this.#timer !== undefined) return; // an older attempt failed; a probe is already scheduled
    this.#delay = delay;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#events.probe();
    }, delay).unref();
  }
}
