/** The measures, by the name that a group uses. */
import { load } from "./load.mjs";
import { memory } from "./memory.mjs";
import { recovery } from "./recovery.mjs";
import { start } from "./start.mjs";
import { waiting } from "./waiting.mjs";

/**
 * The arguments of a measure.
 *
 * @typedef {{ row: import("../table/groups.mjs").Row, python: string, processes: number, threads: number }} Ordered
 * @typedef {{ children: import("../processes.mjs").Children, load: import("../load.mjs").Load, seconds: number,
 *   connections: number }} Host
 *
 * A measure: `begin` runs before the rounds, `warmUp` (by default `once`, not counted) as the first round, `once` in each
 * round, `end` after them. `figures` are keys of `FIGURES`.
 *
 * @typedef {Record<string, number | undefined>} Figures undefined means that a figure could not be measured here
 * @typedef {{ figures: string[], begin(ordered: Ordered, host: Host): Promise<any>,
 *   warmUp?(begun: any, host: Host): Promise<void>, once(begun: any, host: Host): Promise<Figures>,
 *   end(begun: any, host: Host): Promise<void> }} Measure
 */

/** @type {Record<string, Measure>} */
export const MEASURES = { load, waiting, start, memory, recovery };
