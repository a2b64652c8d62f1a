/** docs/performance.md: its commands are ones that the benchmark takes, one of them runs, and its figures agree with each other. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Page, ROOT } from "./page.ts";

interface Options {
  readonly parts: readonly { readonly rows: readonly { readonly stack: string }[] }[];
  readonly [option: string]: unknown;
}

interface Comparison {
  readonly of: string;
  readonly to?: string;
  readonly figures: Readonly<Record<string, { readonly atLeast?: number; readonly atMost?: number }>>;
}

/** The benchmark is JavaScript without declarations. */
const bench = (file: string): Promise<unknown> => import(new URL(`../../bench/${file}`, import.meta.url).href);
const { readOptions } = (await bench("options.mjs")) as { readOptions(args: readonly string[]): Options };
const { COMPARISONS } = (await bench("table/comparisons.mjs")) as { COMPARISONS: readonly Comparison[] };
const { GROUPS } = (await bench("table/groups.mjs")) as { GROUPS: readonly { readonly id: string }[] };
const { STACKS } = (await bench("table/stacks.mjs")) as { STACKS: object };

interface Ratio {
  readonly of: string;
  readonly to: string;
  readonly figure: string;
  readonly target: number;
  readonly measured: number;
  readonly missed: boolean;
}

const page = new Page("docs/performance.md");
const COMMANDS: readonly string[][] = page
  .takeAll("sh")
  .flatMap((block) => [...block.matchAll(/^npm run bench -- ([^#\n]+)/gm)])
  .map(([, args = ""]) => args.trim().split(" "));

/** The tables of figures: for each row its id and its numbers. */
const MEASURED: ReadonlyMap<string, readonly number[]> = new Map(
  [...page.text.matchAll(/^\| .+ \| `([\w-]+)` \| ([\d. |]+) \|$/gm)].map(([, row = "", numbers = ""]) => [
    row,
    numbers.split(" | ").map(Number),
  ]),
);

const TARGETS: readonly Ratio[] = [
  ...page.text.matchAll(
    /^\| `([\w-]+)` ÷ `([\w-]+)`, (requests\/s|CPU) \| at (?:least|most) ([\d.]+) \| ([\d.]+)(, missed)? \|$/gm,
  ),
].map(([, of = "", to = "", figure, target, measured, missed]) => ({
  of,
  to,
  figure: figure === "CPU" ? "cpu" : "rps",
  target: Number(target),
  measured: Number(measured),
  missed: missed !== undefined,
}));

it("the benchmark takes each command, and measures the rows of the tables by them", () => {
  expect(COMMANDS).toHaveLength(4);
  const rows = COMMANDS.flatMap((args) => readOptions(args).parts.flatMap((part) => part.rows));
  const measured = new Set(rows.map(({ stack }) => stack));
  expect(MEASURED.size).toBe(9);
  expect([...MEASURED.keys()].filter((row) => !measured.has(row))).toEqual([]);
  expect(Object.keys(STACKS)).toEqual(expect.arrayContaining([...MEASURED.keys()]));
});

it("the benchmark runs: the figures of one row, under the heads of the table", () => {
  const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = (COMMANDS[0] as string[]).map((each) =>
    each.startsWith("gunicorn,") ? "http-bridge" : each.replace(/^15$/, "1"),
  );
  const json = join(folder, "figures.json");
  const text = execFileSync(process.execPath, ["bench/run.mjs", ...args, "--json", json], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [, heads = ""] = /^\| \| row \| (.* CPU µs\/request) \|$/m.exec(page.text) ?? [];
  expect(heads.split(" | ")).toHaveLength(4);
  for (const head of heads.split(" | ")) expect(text).toContain(head);
  expect(text).toMatch(/^node:http \+ wsgi-bridge +\d+ +\d/m);
  expect(JSON.parse(readFileSync(json, "utf8")).groups).toMatchObject([
    { id: "hello", rows: [{ stack: "http-bridge" }] },
  ]);
});

it("the targets are the benchmark's, and a missed one is called so", () => {
  const wanted = COMPARISONS.flatMap(({ of, to, figures }) =>
    Object.entries(figures).flatMap(([figure, { atLeast, atMost }]) => {
      const target = atLeast ?? atMost;
      return target === undefined || !MEASURED.has(of) || to === undefined
        ? []
        : [{ of, to, figure, target, isLeast: atLeast !== undefined }];
    }),
  );
  expect(TARGETS.map(({ of, to, figure, target }) => ({ of, to, figure, target }))).toEqual(
    wanted.map(({ of, to, figure, target }) => ({ of, to, figure, target })),
  );
  TARGETS.forEach(({ measured, target, missed }, i) => {
    expect(missed).toBe(wanted[i]?.isLeast ? measured < target : measured > target);
  });
  expect(page.text).toContain("Three of these five were missed");
  expect(TARGETS.filter(({ missed }) => missed)).toHaveLength(3);
});

it("a ratio is told in one way, and is within its rounds and near the tables' quotient", () => {
  const text = page.text.replace(/\s+/g, " ");
  const told = [
    ...text.matchAll(/\| ([\d.]+) times \(([\d.]+) to ([\d.]+)\) \| (\d+) % \((\d+) to (\d+) %\) \|/g),
  ].flatMap(([, rps, rpsFrom, rpsTo, cpu, cpuFrom, cpuTo]) => [
    [rps, rpsFrom, rpsTo].map(Number),
    [cpu, cpuFrom, cpuTo].map((percent) => Number(percent) / 100),
  ]);
  expect(told).toHaveLength(4);
  told.forEach(([value = 0, from = 0, to = 0], i) => {
    expect(value).toBe(TARGETS[i]?.measured);
    expect(value > from && value < to).toBe(true);
    const { of = "", to: other = "", figure } = TARGETS[i] as Ratio;
    const at = figure === "cpu" ? 3 : 0;
    const quotient = (MEASURED.get(of)?.[at] ?? 0) / (MEASURED.get(other)?.[at] ?? 0);
    expect(Math.abs(quotient / value - 1)).toBeLessThan(0.05); // a quotient of medians is no median of quotients
  });
  const remote = (MEASURED.get("express-fastcgi")?.[0] ?? 0) / (MEASURED.get("express-proxy-uwsgi")?.[0] ?? 0);
  expect(text).toContain(`${remote.toFixed(2)} times its requests a second`);
  expect(TARGETS[4]?.measured).toBe(Number(remote.toFixed(2)));
});

it("the options and groups are those of the benchmark", () => {
  const rows = [...page.text.matchAll(/^\| `--(\w+) [\w,]+` \| ([^|]+) \| ([^|]+) \|$/gm)];
  const defaults: Record<string, unknown> = { ...readOptions([]) };
  expect(rows.map(([, name]) => name)).toEqual(["group", "rows", "rounds", "seconds", "connections", "json"]);
  for (const [, name = "", value, meaning = ""] of rows.slice(2, 5)) {
    expect(String(defaults[name])).toBe(value);
    const [, least, most] = /(\d+) to (\d+)/.exec(meaning) ?? [];
    expect(readOptions([`--${name}`, String(most)])).toMatchObject({ [name]: Number(most) });
    expect(() => readOptions([`--${name}`, String(Number(most) + 1)])).toThrow(`whole number from ${least} to ${most}`);
  }
  const [, table = ""] = /\| group \| measures \|\n([\s\S]*?)\n\n/.exec(page.text) ?? [];
  const groups = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, ids = ""]) =>
    ids.replaceAll("`", "").split(", "),
  );
  expect(groups).toEqual([...GROUPS.map(({ id }) => id), "calls"]);
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
