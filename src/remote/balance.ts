/** Chooses the address for a request. Knows the load of each; knows no connection. */

export interface Candidate {
  /** True while the address gets no requests. */
  readonly isEjected: boolean;
  /** Running requests plus recently failed ones. Without the failed ones, a server that fails at once would look idle. */
  readonly load: number;
  /** True if the address can take one more request. */
  readonly hasRoom: boolean;
}

/**
 * Returns the least loaded candidate that has room. If several have the same load, returns the first from position `turn` on,
 * so that they take turns.
 *
 *     leastLoaded([2, 1, 1], 0) → the second          leastLoaded([2, 1, 1], 2) → the third
 *     leastLoaded([full, ejected], 0) → undefined
 *
 * @param turn a counter, one higher for each request
 * @param isExcluded returns true for a candidate that must not be chosen
 */
export function leastLoaded<T extends Candidate>(
  candidates: readonly T[],
  turn: number,
  isExcluded: (candidate: T) => boolean,
): T | undefined {
  let best: T | undefined;
  for (let i = 0; i < candidates.length; i += 1) {
    const candidate = candidates[(turn + i) % candidates.length] as T;
    if (candidate.isEjected || !candidate.hasRoom || isExcluded(candidate)) continue;
    if (best === undefined || candidate.load < best.load) best = candidate;
  }
  return best;
}
