/** Parses the command line. Knows names and limits; runs nothing. */
import { parseArgs } from "node:util";
import { GROUPS, rowsOf } from "./table/groups.mjs";
import { STACKS } from "./table/stacks.mjs";

/** The group in `calls/`, which has no servers. */
const CALLS = "calls";
const GROUP_IDS = [...GROUPS.map(({ id }) => id), CALLS];

export const USAGE = `node bench/run.mjs [options]
  --rounds N        number of counted rounds, after a warm-up round (default: 5)
  --seconds N       time under load of each row in each round (default: 1)
  --connections N   number of keep-alive connections, each with one request in flight (default: 16)
  --group A,B       groups to run: ${GROUP_IDS.join(", ")} (default: all)
  --rows A,B        rows of these groups to run: ${Object.keys(STACKS).join(", ")} (default: all)
  --json FILE       file for all figures (default: a new file in bench/results)`;

/** Thrown if the command line is invalid. */
export class OptionError extends Error {
  exitCode = 2;
}

/**
 * @param {string[]} args
 * @returns {{ rounds: number, seconds: number, connections: number, json: string | undefined,
 *   parts: import("./bench.mjs").Part[], calls: boolean }} `calls`: also measure calls in memory
 * @throws OptionError
 */
export function readOptions(args) {
  const { rounds, seconds, connections, group, rows, json } = parse(args);
  const groups = chosen("group", group, GROUP_IDS);
  const stacks = chosen("rows", rows, Object.keys(STACKS));
  const parts = GROUPS.filter(({ id }) => groups.includes(id))
    .map((each) => ({ group: each, rows: rowsOf(each).filter(({ stack }) => stacks.includes(stack)) }))
    .filter((part) => part.rows.length > 0);
  const calls = groups.includes(CALLS) && rows === undefined;
  if (parts.length === 0 && !calls) throw new OptionError("--rows: the selected groups have none of these rows");
  return {
    rounds: whole("rounds", rounds, 100),
    seconds: whole("seconds", seconds, 600),
    connections: whole("connections", connections, 1000),
    ...{ json, parts, calls },
  };
}

function parse(args) {
  const options = {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    connections: { type: "string", default: "16" },
    group: { type: "string" },
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

/** Returns the ids of a list, or all ids if the option is not given. */
function chosen(name, text, known) {
  const ids = text?.split(",") ?? known;
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return ids;
  throw new OptionError(`--${name}: unknown name ${JSON.stringify(unknown)}; the names are ${known.join(", ")}`);
}
