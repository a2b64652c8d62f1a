/** From the rounds to one figure each. Pure. */

const FIGURES = ["rps", "p50", "p99", "cpu", "rss", "processes", "loadCpu"];

/** @param {number[]} values @returns {number | undefined} undefined of none, or when one was not measured */
export function median(values) {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** @param {import("./measure.mjs").Figures[]} rounds */
export function medians(rounds) {
  return Object.fromEntries(FIGURES.map((figure) => [figure, median(rounds.map((round) => round[figure]))]));
}

/**
 * The ratio within each round, where both rows met the same machine, and the median of those. Rows that were not
 * measured have no ratio.
 *
 * @param {typeof import("./rows.mjs").RATIOS} ratios
 * @param {Map<string, import("./measure.mjs").Figures[]>} figures
 */
export function compare(ratios, figures) {
  const measured = ratios.filter(({ of, to }) => figures.has(of) && figures.has(to));
  return measured.map((ratio) => {
    const { of, to, figure, atLeast = 0, atMost = Number.POSITIVE_INFINITY } = ratio;
    const pairs = figures.get(of).map((round, at) => [round[figure], figures.get(to)[at][figure]]);
    if (pairs.flat().includes(undefined)) return { ...ratio, value: undefined };
    const values = pairs.map(([above, below]) => above / below);
    const value = median(values);
    const range = { lowest: Math.min(...values), highest: Math.max(...values) };
    return { ...ratio, value, ...range, met: value >= atLeast && value <= atMost };
  });
}
