/** Whether an address takes connections, as far as is known. Knows failures in a row and patience; opens nothing itself. */

/**     up ──failed(), `maxFailures` times in a row──▶ out ──succeeded()──▶ up          while out: probe() at each delay's end
 * Only failed connections count: a request that breaks its connection would break the next server's too. */
export interface HealthEvents {
  /** From now on it gets no requests. */
  ejected(reason: Error): void;
  /** It is time to try it; `succeeded` or `failed` is to follow. */
  probe(): void;
  /** It takes connections again. */
  restored(): void;
}

export interface HealthRules {
  readonly maxFailures: number;
  /** Milliseconds until the first probe; it doubles with each that fails. */
  readonly firstProbe: number;
  /** Milliseconds between probes at most. */
  readonly lastProbe: number;
}

export class Health {
  readonly #rules: HealthRules;
  readonly #events: HealthEvents;
  /** In a row. */
  #failures = 0;
  /** Milliseconds until the next probe; undefined while it is up. */
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

  /** A connection was had. */
  succeeded(): void {
    this.#failures = 0;
    if (this.#delay === undefined) return;
    this.#unplan();
    this.#delay = undefined;
    this.#events.restored();
  }

  /** @param dispensable there are others: the last one left is never ejected, since to try it is better than to refuse */
  failed(reason: Error, dispensable: boolean): void {
    if (this.#stopped) return;
    this.#failures += 1;
    if (this.#delay !== undefined) {
      this.#plan(Math.min(this.#delay * 2, this.#rules.lastProbe));
    } else if (dispensable && this.#failures >= this.#rules.maxFailures) {
      this.#plan(this.#rules.firstProbe);
      this.#events.ejected(reason);
    }
  }

  /** No more probes, whatever fails from now on. */
  stop(): void {
    this.#stopped = true;
    this.#unplan();
  }

  #unplan(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #plan(delay: number): void {
    if (this.#timer !== undefined) return; // a connection that was begun before
    this.#delay = delay;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#events.probe();
    }, delay).unref();
  }
}
