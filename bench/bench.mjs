/** One whole run: start everything, measure, end everything. Knows the order of things; prints only progress. */
import { ensurePython } from "../scripts/python-env.mjs";
import { Load } from "./load.mjs";
import { machine, versions } from "./machine.mjs";
import { measure } from "./measure.mjs";
import { Children } from "./processes.mjs";
import { RATIOS } from "./rows.mjs";
import { startRow } from "./servers.mjs";
import { compare, medians } from "./summary.mjs";

/** The same for gunicorn and for the bridge. */
const PYTHON = { processes: 2, threads: 4 };

/**
 * @param {import("./rows.mjs").Row[]} rows
 * @param {{ rounds: number, seconds: number, connections: number }} settings
 * @param {{ interrupted: Promise<never>, progress: (text: string) => void }} host
 */
export async function bench(rows, settings, { interrupted, progress }) {
  const python = ensurePython();
  const children = new Children();
  const run = async () => {
    const started = [];
    for (const row of rows) {
      progress(`starting: ${row.name}`);
      started.push(await startRow(row, { python, ...PYTHON }, children));
    }
    return measure(started, { load: new Load(children), ...settings, progress });
  };
  try {
    const figures = await Promise.race([run(), interrupted]);
    return {
      date: new Date().toISOString(),
      machine: machine(),
      versions: versions(python),
      settings: { ...settings, ...PYTHON },
      rows: rows.map(({ id, name }) => ({ id, name, median: medians(figures.get(id)), rounds: figures.get(id) })),
      ratios: compare(RATIOS, figures),
    };
  } finally {
    await children.stop();
  }
}
