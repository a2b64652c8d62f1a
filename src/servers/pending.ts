/** A promise that is resolved from outside, for writers that wait until their stream has drained. */

export interface Pending {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  /** When the wait began, in the time of `performance.now()`. */
  readonly since: number;
}

export function pending(): Pending {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve, since: performance.now() };
}
