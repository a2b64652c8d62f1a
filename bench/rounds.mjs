/** The rounds: every row in turn, forth and back, so that what the machine does meanwhile falls on all of them. */

/**
 * @typedef {import("./table/groups.mjs").Row} Row
 * @param {Row[]} rows
 * @param {{ rounds: number, warmUp: (row: Row) => Promise<unknown>, once: (row: Row) => Promise<import("./measures/index.mjs").Figures>,
 *   progress: (text: string) => void }} how
 * @returns {Promise<Map<string, import("./measures/index.mjs").Figures[]>>} for each row's stack its rounds
 */
export async function measureRounds(rows, { rounds, warmUp, once, progress }) {
  const figures = new Map(rows.map(({ stack }) => [stack, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const row of inTurn(rows, round)) {
      progress(`${row.group.id}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}: ${row.name}`);
      const result = await named(row, round === 0 ? warmUp : once); // imports, compilers, connections come first
      if (round > 0) figures.get(row.stack).push(result);
    }
  }
  return figures;
}

async function named(row, once) {
  try {
    return await once(row);
  } catch (error) {
    throw new Error(`${row.group.id}: ${row.name}: ${error.message}`, { cause: error });
  }
}

/** Neighbours stay neighbours, since they are the ones that are compared, and each of them is the first in turn. */
function inTurn(rows, round) {
  return round % 2 === 0 ? rows : rows.toReversed();
}
