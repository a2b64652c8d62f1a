/** The result as text for people. Pure; the same result goes to the file as JSON. */

const NOT_MEASURED = "not measured";

/** A column: its head, and what it shows of a row. */
const COLUMNS = [
  ["", ({ name }) => name],
  ["requests/s", ({ median }) => number(median.rps, 0)],
  ["p50 ms", ({ median }) => number(median.p50, 2)],
  ["p99 ms", ({ median }) => number(median.p99, 2)],
  ["CPU µs/request", ({ median }) => number(median.cpu, 0)],
  ["RSS MiB", ({ median }) => number(median.rss && median.rss / 2 ** 20, 0)],
  ["processes", ({ median }) => number(median.processes, 0)],
];

const FIGURE_NAMES = { rps: "requests a second", cpu: "CPU a request" };

/** @param {Awaited<ReturnType<typeof import("./bench.mjs").bench>>} result */
export function report({ machine, versions, settings, rows, ratios }) {
  const { rounds, seconds, connections, processes, threads } = settings;
  const head = [
    `${machine.system} ${machine.arch}, ${machine.cores} cores, ${machine.cpu}, ${machine.memory}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    `Medians of ${rounds} rounds of ${seconds} s, ${connections} keep-alive connections; Python: ${processes} processes x ${threads} threads`,
  ];
  const table = align([COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))]);
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return [
    ...head,
    "",
    ...table,
    "",
    ...loadNote(rows),
    ...ratios.flatMap((ratio) => ["", ...ratioLines(ratio, names)]),
  ].join("\n");
}

/** CPU is of all processes of the row; what the generator took of the same cores is told, for it bounds requests a second. */
function loadNote(rows) {
  const costs = rows.map(({ median }) => median.loadCpu);
  const span = `${number(Math.min(...costs), 0)} to ${number(Math.max(...costs), 0)}`;
  return [`CPU and RSS: all processes of a row. The load generator, not counted: ${span} µs/request.`];
}

function ratioLines({ of, to, figure, value, lowest, highest, atLeast, atMost, met }, names) {
  const target = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const title = `${names.get(of)} ÷ ${names.get(to)}, ${FIGURE_NAMES[figure]}:`;
  if (value === undefined) return [title, `  ${NOT_MEASURED} (target: ${target})`];
  const range = `rounds ${number(lowest, 2)} to ${number(highest, 2)}`;
  return [title, `  ${number(value, 2)} (${range}); target: ${target}: ${met ? "met" : "MISSED"}`];
}

function number(value, digits) {
  return value === undefined ? NOT_MEASURED : value.toFixed(digits);
}

/** Columns of equal width: the first to the left, figures to the right. */
function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "),
  );
}
