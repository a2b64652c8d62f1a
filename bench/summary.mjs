/** Reduces the rounds to one figure each. */

/** @typedef {import("./measures/index.mjs").Figures} Figures */

/** @param {number[]} values @returns {number | undefined} undefined if there are none, or if one was not measured */
export function median(values) {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** @param {string[]} figures @param {Figures[]} rounds @returns {Figures} */
export function medians(figures, rounds) {
  return Object.fromEntries(figures.map((figure) => [figure, median(rounds.map((round) => round[figure]))]));
}

/**
 * Compares rows. For each figure, computes the ratio within each round, because both rows ran under the same conditions, and
 * the median of the ratios. Skips rows that were not measured.
 *
 * @param {import("./table/comparisons.mjs").Comparison[]} comparisons of one group
 * @param {Map<string, Figures[]>} rounds by the stack of the row
 */
export function compare(comparisons, rounds) {
  const measured = comparisons.filter(({ of, to = of }) => rounds.has(of) && rounds.has(to));
  return measured.flatMap(({ of, to, figures }) =>
    Object.entries(figures).map(([figure, target]) => {
      const below = rounds.get(to)?.map((round) => round[figure]);
      const values = rounds
        .get(of)
        .map((round, at) => (below === undefined ? round[figure] : round[figure] / below[at]));
      return { of, to, figure, ...target, ...judged(values, target) };
    }),
  );
}

/** NaN means that one side lacks the figure. `met` is set if there is a target. */
function judged(values, { atLeast, atMost }) {
  if (values.some((value) => value === undefined || Number.isNaN(value))) return {};
  const value = median(values);
  const range = { value, lowest: Math.min(...values), highest: Math.max(...values) };
  if (atLeast === undefined && atMost === undefined) return range;
  return { ...range, met: value >= (atLeast ?? 0) && value <= (atMost ?? Number.POSITIVE_INFINITY) };
}
