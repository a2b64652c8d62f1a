/** Runs the rounds: every row in turn, in alternating order, so that other load on the machine affects all rows. */

/**
 * @typedef {import("./table/groups.mjs").Row} Row
 * @param {Row[]} rows
 * @param {{ rounds: number, warmUp: (row: Row) => Promise<unknown>, once: (row: Row) => Promise<import("./measures/index.mjs").Figures>,
 *   progress: (text: string) => void }} how
 * @returns {Promise<Map<string, import("./measures/index.mjs").Figures[]>>} the rounds by the stack of the row
 */
export async function measureRounds(rows, { rounds, warmUp, once, progress }) {
  const figures = new Map(rows.map(({ stack }) => [stack, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const row of inTurn(rows, round)) {
      progress(`${row.group.id}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}: ${row.name}`);
      const result = await named(row, round === 0 ? warmUp : once); // the warm-up covers imports, compilation and connections
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

/** Alternates the order. Adjacent rows, which are compared, stay adjacent, and each of them comes first in turn. */
function inTurn(rows, round) {
  return round % 2 === 0 ? rows : rows.toReversed();
}
