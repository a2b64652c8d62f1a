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
const LEAST = 3;
const ROUNDS = 3;
/** A disturbed measurement is made again, from the beginning; squared time stays squared. */
const TRIES = 12;
/** Milliseconds. What takes so long is not measured again: no disturbance does that. */
const PATIENCE = 1_500;

/** What is timed, with its input ready. */
export type Work = () => unknown;

/** The ratio of the times for a size and for the next: the largest, or the first above `MOST`, so that squared time ends here. */
export async function growth(prepare: (size: number) => Work, sizes: readonly number[] = SIZES): Promise<number> {
  let largest = 0;
  for (let at = 1; at < sizes.length && largest <= MOST; at += 1) {
    const [small, large] = [sizes[at - 1], sizes[at]].map((size) => prepare(size as number)) as [Work, Work];
    largest = Math.max(largest, await leastRatio(small, large));
  }
  return largest;
}

/** The least ratio of up to `TRIES` tries. Stops at the first one that is not above `MOST`. */
async function leastRatio(small: Work, large: Work): Promise<number> {
  const counts = { small: await batch(small), large: await batch(large) };
  let least = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && least > MOST; tried += 1) {
    const best = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round += 1) {
      // In turn, so that what else the machine does meets both.
      best.small = Math.min(best.small, (await time(small, counts.small)) / counts.small);
      best.large = Math.min(best.large, (await time(large, counts.large)) / counts.large);
    }
    least = Math.min(least, Math.max(best.large, LEAST) / Math.max(best.small, LEAST));
    if (best.large * tried > PATIENCE) break;
  }
  return least;
}

/** How often something is to be done to take long enough. */
async function batch(work: Work): Promise<number> {
  for (let count = 1; ; count *= 4) if ((await time(work, count)) >= BATCH) return count;
}

/** Milliseconds of this process's own, which others on the machine do not make more. */
async function time(work: Work, count: number): Promise<number> {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
