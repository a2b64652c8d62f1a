/** How time grows with the input, on a machine that has other things to do. Knows clocks; knows nothing of what is timed. */

/** Bytes. Each is four times the one before. */
export const SIZES: readonly number[] = [16 * 1024, 64 * 1024, 256 * 1024];
/** Four times the input may take so many times the time: linear is 4, squared is 16. */
export const MOST = 8;

/** Milliseconds that are long enough for the clock. What is quicker is done many times. */
const BATCH = 0.5;
/**
 * Milliseconds. What takes less counts as so long: caches and the collector of garbage decide it. Time squared is far above, since a
 * machine that copies 10 GB a second needs 27 ms to copy each beginning of 16 KiB, and 7 s for those of 256 KiB.
 */
const LEAST = 0.5;
const ROUNDS = 3;
/** A disturbed measurement is made again; squared time stays squared. */
const TRIES = 10;

/** What is timed, with its input ready. */
export type Work = () => unknown;

/**
 * The largest ratio of the times for a size and for the next: of the best times of several rounds, in each of which every size
 * has its turn.
 */
export async function growth(prepare: (size: number) => Work): Promise<number> {
  const works = SIZES.map(prepare);
  const best = works.map(() => Number.POSITIVE_INFINITY);
  const counts: number[] = [];
  for (const work of works) counts.push(await batch(work));
  for (let tried = 0; tried < TRIES; tried += 1) {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [at, work] of works.entries()) {
        best[at] = Math.min(best[at] as number, (await time(work, counts[at] as number)) / (counts[at] as number));
      }
    }
    if (largest(best) <= MOST) break;
  }
  return largest(best);
}

function largest(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, at) => Math.max(time, LEAST) / Math.max(times[at] as number, LEAST)));
}

/** How often something is to be done to take long enough. */
async function batch(work: Work): Promise<number> {
  for (let count = 1; ; count *= 4) if ((await time(work, count)) >= BATCH) return count;
}

async function time(work: Work, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i += 1) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  return performance.now() - start;
}
