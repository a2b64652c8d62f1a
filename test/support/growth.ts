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
/** A disturbed measurement is made again; squared time stays squared. */
const TRIES = 10;
/** Milliseconds. What takes so long is not measured again: no disturbance does that. */
const PATIENCE = 300;

/** What is timed, with its input ready. */
export type Work = () => unknown;

/**
 * The ratio of the times for a size and for the next: the largest, or the first above `MOST`, so that squared time ends here. Both
 * sizes have their turn in each round, and their best times count.
 */
export async function growth(prepare: (size: number) => Work): Promise<number> {
  let largest = 0;
  let small = await timed(prepare(SIZES[0] as number));
  for (const size of SIZES.slice(1)) {
    const large = await timed(prepare(size));
    for (let tried = 0; tried < TRIES && (tried === 0 || ratio(small, large) > MOST); tried += 1) {
      if (large.best * tried > PATIENCE) break;
      for (let round = 0; round < ROUNDS; round += 1) {
        await again(small);
        await again(large);
      }
    }
    largest = Math.max(largest, ratio(small, large));
    if (largest > MOST) break;
    small = large;
  }
  return largest;
}

interface Timed {
  readonly work: Work;
  readonly count: number;
  /** Milliseconds for one. */
  best: number;
}

async function timed(work: Work): Promise<Timed> {
  const count = await batch(work);
  return { work, count, best: (await time(work, count)) / count };
}

async function again(one: Timed): Promise<void> {
  one.best = Math.min(one.best, (await time(one.work, one.count)) / one.count);
}

function ratio(small: Timed, large: Timed): number {
  return Math.max(large.best, LEAST) / Math.max(small.best, LEAST);
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
