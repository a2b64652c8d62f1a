/** Measures how time grows with the size of the input, on a busy machine. Knows nothing of the code that is timed. */

/** The input sizes in bytes. Each is four times the one before. */
export const SIZES: readonly number[] = [16 * 1024, 64 * 1024, 256 * 1024];
/** The largest allowed ratio of times for four times the input. Linear time has a ratio of 4, quadratic time 16. */
export const MOST = 8;

/** The shortest time that the clock measures well, in milliseconds. Faster work is repeated. */
const BATCH = 0.5;
/**
 * Shorter times count as this many milliseconds, because caches and garbage collection dominate them. Quadratic time is far
 * above: a machine that copies 10 GB a second needs 27 ms to copy every prefix of 16 KiB, and 7 s for those of 256 KiB.
 */
const LEAST = 3;
const ROUNDS = 3;
/** The number of attempts. Another attempt corrects a disturbed measurement; quadratic time stays quadratic. */
const TRIES = 12;
/** Stop after this many milliseconds: no disturbance takes that long. */
const PATIENCE = 1_500;

/** The code to time, with its input ready. */
export type Work = () => unknown;

/** Returns the largest ratio of the times for two successive sizes, or the first ratio above `MOST`, to stop early. */
export async function growth(prepare: (size: number) => Work, sizes: readonly number[] = SIZES): Promise<number> {
  let largest = 0;
  for (let at = 1; at < sizes.length && largest <= MOST; at += 1) {
    const [small, large] = [sizes[at - 1], sizes[at]].map((size) => prepare(size as number)) as [Work, Work];
    largest = Math.max(largest, await leastRatio(small, large));
  }
  return largest;
}

/** Returns the smallest ratio of up to `TRIES` attempts. Stops at the first one that is not above `MOST`. */
async function leastRatio(small: Work, large: Work): Promise<number> {
  const counts = { small: await batch(small), large: await batch(large) };
  let least = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && least > MOST; tried += 1) {
    const best = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round += 1) {
      // Alternately, so that other load on the machine affects both sizes.
      best.small = Math.min(best.small, (await time(small, counts.small)) / counts.small);
      best.large = Math.min(best.large, (await time(large, counts.large)) / counts.large);
    }
    least = Math.min(least, Math.max(best.large, LEAST) / Math.max(best.small, LEAST));
    if (best.large * tried > PATIENCE) break;
  }
  return least;
}

/** Returns how often to repeat the work so that it takes at least `BATCH`. */
async function batch(work: Work): Promise<number> {
  for (let count = 1; ; count *= 4) if ((await time(work, count)) >= BATCH) return count;
}

/** Returns the CPU time of this process in milliseconds, which other processes do not increase. */
async function time(work: Work, count: number): Promise<number> {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
