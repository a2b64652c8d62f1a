/** What the command line may say. Knows names and bounds; runs nothing. */
import { parseArgs } from "node:util";
import { ROWS } from "./rows.mjs";

export const USAGE = `node bench/run.mjs [options]
  --rounds N        counted rounds, after one that warms up (default 7)
  --seconds N       how long each row is under load in each round (default 3)
  --connections N   keep-alive connections, each with one request under way (default 16)
  --rows A,B        which rows: ${ROWS.map(({ id }) => id).join(", ")} (default all)
  --json FILE       where all figures go (default a new file in bench/results)`;

/** Thrown for a command line that cannot be used. */
export class OptionError extends Error {
  exitCode = 2;
}

/** @param {string[]} args @throws OptionError */
export function readOptions(args) {
  const { rounds, seconds, connections, rows, json } = parse(args);
  return {
    rounds: whole("rounds", rounds, 100),
    seconds: whole("seconds", seconds, 600),
    connections: whole("connections", connections, 1000),
    rows: rows === undefined ? ROWS : [...new Set(rows.split(","))].map(rowById),
    json,
  };
}

function parse(args) {
  const options = {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "16" },
    rows: { type: "string" },
    json: { type: "string" },
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new OptionError(error.message, { cause: error });
  }
}

function whole(name, text, most) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new OptionError(`--${name} must be a whole number from 1 to ${most}, got ${text}`);
}

function rowById(id) {
  const row = ROWS.find((candidate) => candidate.id === id);
  if (row === undefined) throw new OptionError(`--rows: there is no row ${JSON.stringify(id)}`);
  return row;
}
