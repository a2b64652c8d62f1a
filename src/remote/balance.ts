/** Which of many addresses a request goes to. Knows their load; knows no connection. */

export interface Candidate {
  /** Gets no requests now. */
  readonly isEjected: boolean;
  /** Requests under way, and those that failed here lately: a server that breaks each request at once is never busy. */
  readonly load: number;
  /** Can take one more. */
  readonly hasRoom: boolean;
}

/**
 * The least loaded of those that have room; among equals the first from `turn` on, so that equals take turns.
 *
 *     leastLoaded([2, 1, 1], 0) → the second          leastLoaded([2, 1, 1], 2) → the third
 *     leastLoaded([full, ejected], 0) → undefined
 *
 * @param turn counts the choices
 * @param passed leaves one out
 */
export function leastLoaded<T extends Candidate>(
  candidates: readonly T[],
  turn: number,
  passed: (candidate: T) => boolean,
): T | undefined {
  let best: T | undefined;
  for (let i = 0; i < candidates.length; i += 1) {
    const candidate = candidates[(turn + i) % candidates.length] as T;
    if (candidate.isEjected || !candidate.hasRoom || passed(candidate)) continue;
    if (best === undefined || candidate.load < best.load) best = candidate;
  }
  return best;
}
