/** Formats the result as text. The same result is written to a file as JSON. */
import { FIGURES } from "./table/figures.mjs";

const NOT_MEASURED = "not measured";
/** The share of a core above which the load generator, not the server, may limit the requests per second. */
const BUSY_LOAD = 0.7;

/** @param {Awaited<ReturnType<typeof import("./bench.mjs").bench>>} result */
export function report({ machine, versions, settings, groups, leftOut }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const head = [
    `${machine.system} ${machine.arch}, ${machine.cores} cores, ${machine.cpu}, ${machine.memory}`,
    list.join(", "),
    `Medians of rounds of ${settings.seconds} s. CPU and RSS: sum over all processes of a row, without the load generator.`,
  ];
  const missing = leftOut.map(
    ({ title, needs }) => `Left out: ${title}: ${needs} is not installed; scripts/install-servers.sh installs it.`,
  );
  return [...head, ...missing, ...groups.flatMap(groupLines)].join("\n");
}

function groupLines({ title, settings, figures, rows, comparisons }) {
  const { rounds, connections, processes, threads } = settings;
  const columns = figures.map((figure) => FIGURES[figure]);
  const table = [
    ["", ...columns.map(({ head }) => head)],
    ...rows.map(({ name, median }) => [name, ...figures.map((figure) => shown(figure, median[figure]))]),
  ];
  const names = new Map(rows.map(({ stack, name }) => [stack, name]));
  return [
    "",
    `## ${title}`,
    `${count(rounds, "round")}, ${count(connections, "connection")}; Python: ${processes} x ${threads} threads`,
    "",
    ...align(table),
    ...busyLoadLines(rows),
    ...(comparisons.length > 0 ? [""] : []),
    ...comparisons.map((comparison) => comparisonLine(comparison, names)),
  ];
}

function comparisonLine({ of, to, figure, value, lowest, highest, ...target }, names) {
  const { words, digits } = FIGURES[figure];
  const row = names.get(of);
  const label = to === undefined ? `${row}, ${words}` : `${row} ÷ ${names.get(to)}, ${words}`;
  const goal = targetText(target);
  if (value === undefined) return `${label}: ${NOT_MEASURED}${goal === undefined ? "" : ` (target: ${goal})`}`;
  const number = (each) => each.toFixed(to === undefined ? digits : 2);
  const verdict = goal === undefined ? "" : `; target: ${goal}: ${target.met ? "met" : "MISSED"}`;
  return `${label}: ${number(value)} (rounds ${number(lowest)} to ${number(highest)})${verdict}`;
}

/** Warns about rows whose requests per second the load generator may limit. Their CPU per request is still right. */
function busyLoadLines(rows) {
  const shares = rows.map(({ name, median: { rps, loadCpu } }) => ({ name, share: (rps * loadCpu) / 1e6 }));
  const busy = shares.filter(({ share }) => share >= BUSY_LOAD);
  if (busy.length === 0) return [];
  const list = busy.map(({ name, share }) => `${name} ${(share * 100).toFixed(0)} %`).join(", ");
  return [
    "",
    `The load generator was busy (share of one core: ${list}): trust the CPU of these rows, not the requests per second.`,
  ];
}

/** count(1, "round") → "1 round" */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** targetText({ atMost: 0.65 }) → "at most 0.65" */
function targetText({ atLeast, atMost }) {
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? undefined : `at most ${atMost}`;
}

function shown(figure, value) {
  const { digits, scale = 1 } = FIGURES[figure];
  return value === undefined ? NOT_MEASURED : (value * scale).toFixed(digits);
}

/** Aligns the columns: the first one left, the figures right. */
function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "),
  );
}
