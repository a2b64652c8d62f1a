/** Which of many addresses a request goes to. Knows who is busy; knows no connection. */

export interface Candidate {
  /** Gets no requests now. */
  readonly isEjected: boolean;
  /** Requests under way. */
  readonly busy: number;
  /** Can take one more. */
  readonly hasRoom: boolean;
}

/**
 * The least busy of those that have room; among equals the first from `turn` on, so that equals take turns.
 *
 *     leastBusy([2, 1, 1], 0) → the second          leastBusy([2, 1, 1], 2) → the third
 *     leastBusy([full, ejected], 0) → undefined
 *
 * @param turn counts the choices
 * @param passed leaves one out
 */
export function leastBusy<T extends Candidate>(
  candidates: readonly T[],
  turn: number,
  passed: (candidate: T) => boolean,
): T | undefined {
  let best: T | undefined;
  for (let i = 0; i < candidates.length; i += 1) {
    const candidate = candidates[(turn + i) % candidates.length] as T;
    if (candidate.isEjected || !candidate.hasRoom || passed(candidate)) continue;
    if (best === undefined || candidate.busy < best.busy) best = candidate;
  }
  return best;
}
