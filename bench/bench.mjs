/** Runs the benchmark group by group: starts the servers, measures, stops them. Prints only progress. */
import { ensurePython } from "../scripts/python-env.mjs";
import { Load } from "./load.mjs";
import { machine, programVersion, versions } from "./machine.mjs";
import { MEASURES } from "./measures/index.mjs";
import { Children } from "./processes.mjs";
import { measureRounds } from "./rounds.mjs";
import { compare, medians } from "./summary.mjs";
import { COMPARISONS } from "./table/comparisons.mjs";

/** The defaults for gunicorn and for the bridge, which a group may override. */
const PYTHON = { processes: 2, threads: 4 };

/** @typedef {{ group: import("./table/groups.mjs").Group, rows: import("./table/groups.mjs").Row[] }} Part */

/**
 * @param {Part[]} parts
 * @param {{ rounds: number, seconds: number, connections: number }} settings
 * @param {{ interrupted: Promise<never>, progress: (text: string) => void }} host
 */
export async function bench(parts, settings, { interrupted, progress }) {
  const python = ensurePython();
  const children = new Children();
  const run = async () => {
    const load = new Load(children);
    const groups = [];
    for (const part of parts.filter(({ group }) => !isLeftOut(group))) {
      groups.push(await measureGroup(part, settings, { python, children, load, progress }));
    }
    return groups;
  };
  try {
    const groups = await Promise.race([run(), interrupted]);
    const leftOut = parts.map(({ group }) => group).filter(isLeftOut);
    return {
      ...{ date: new Date().toISOString(), machine: machine(), versions: versions(python), settings, groups },
      leftOut: leftOut.map(({ title, needs }) => ({ title, needs })),
    };
  } finally {
    await children.stop();
  }
}

/** Whether the group needs a program that is not installed. The report lists such groups. */
const isLeftOut = ({ needs }) => needs !== undefined && programVersion(needs) === undefined;

/** Only the servers of the group run meanwhile, because idle servers also use some CPU. */
async function measureGroup({ group, rows }, defaults, { python, children, load, progress }) {
  const measure = MEASURES[group.measure];
  const settings = { ...PYTHON, ...defaults, ...overrides(group, defaults) };
  const { processes, threads, seconds, connections } = settings;
  const host = { children, load, seconds, connections };
  const begun = new Map();
  for (const row of rows) {
    progress(`${group.id}, starting: ${row.name}`);
    begun.set(row, await measure.begin({ row, python, processes, threads }, host));
  }
  const once = (row) => measure.once(begun.get(row), host);
  const warmUp = (row) => (measure.warmUp ?? measure.once)(begun.get(row), host);
  const rounds = await measureRounds(rows, { rounds: settings.rounds, warmUp, once, progress });
  for (const each of begun.values()) await measure.end(each, host);
  const { id, title } = group;
  return {
    ...{ id, title, settings, figures: measure.figures },
    rows: rows.map(({ stack, name }) => ({
      ...{ stack, name, median: medians(measure.figures, rounds.get(stack)), rounds: rounds.get(stack) },
    })),
    comparisons: compare(
      COMPARISONS.filter((comparison) => comparison.group === id),
      rounds,
    ),
  };
}

function overrides({ connections, processes, threads, rounds }, defaults) {
  const own = { connections, processes, threads, rounds: rounds && Math.min(rounds, defaults.rounds) };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
