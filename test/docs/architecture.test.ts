/** docs/architecture.md: its drawings and tables are those of the source, and every file and name in it exists. */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { exists, filesIn, functionsOf, importsOf, literal, pathsOf, textOf, unknownOf, vocabulary } from "./names.ts";
import { Page } from "./page.ts";
import { Workspace } from "./program.ts";

const FLOORS_TEST = "test/floors.test.ts";
const page = new Page("docs/architecture.md");
const workspace = new Workspace();
const WORDS = vocabulary();
const FLOORS = literal<Readonly<Record<string, number>>>(FLOORS_TEST, "FLOORS");
const ENTRIES = literal<number>(FLOORS_TEST, "ENTRIES");
const SRC = filesIn("src").filter((file) => file.endsWith(".ts"));

/** What stands between a heading and the next one of its rank. */
function section(heading: string): string {
  const [rank = ""] = heading.split(" ", 1);
  const at = page.text.indexOf(`\n${heading}\n`);
  if (at === -1) throw new Error(`no heading ${heading}`);
  const rest = page.text.slice(at + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank.length}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The cells of a section's tables, row by row. */
const rowsOf = (heading: string): string[][] =>
  [...section(heading).matchAll(/^\| (.*) \|$/gm)].map((match) => (match[1] as string).split(" | "));

const unknownFunctions = (text: string): string[] => functionsOf(text).filter((name) => !WORDS.functions.has(name));

describe("names", () => {
  it("every file and folder exists", () => {
    expect(pathsOf(page.text).length).toBeGreaterThan(150);
    expect(pathsOf(page.text).filter((path) => !exists(path))).toEqual([]);
  });

  it("every file of src/ and of python/ is in the list of its folder", () => {
    const named = new Set(pathsOf(page.text));
    const files = [...SRC.map((file) => `src/${file}`), ...filesIn("python").map((file) => `python/${file}`)];
    const made = /\.egg-info\/|^python\/build\//;
    expect(files.filter((file) => !made.test(file) && !named.has(file))).toEqual([]);
  });

  it("every identifier is one of the source or of the tests, and a function where it is called", () => {
    expect(unknownOf(page.text, WORDS)).toEqual([]);
  });

  it("every import of the package is one of its exports", () => {
    const { exports } = JSON.parse(textOf("package.json")) as { exports: object };
    const known = Object.keys(exports).map((name) => name.replace(".", "wsgi-bridge"));
    expect(importsOf(page.text).length).toBeGreaterThan(0);
    expect(importsOf(page.text).filter((name) => !known.includes(name))).toEqual([]);
  });

  it("finds what is not there", () => {
    const text =
      "### src/wsgi/\n`gone.ts` `types.ts` `src/gone/` `src/cli/no*.ts` `noSuchName` `pipelined()` `python -O`";
    expect(pathsOf(text).filter((path) => !exists(path))).toEqual(["gone.ts", "src/gone/", "src/cli/no*.ts"]);
    expect(unknownOf(text, WORDS)).toEqual(["noSuchName", "pipelined"]);
  });
});

describe("the one idea", () => {
  it("the types are those of the package", () => {
    const same = ["WsgiApp", "WsgiResult", "StartResponse", "Write"].map(
      (name) => `export const same${name}: Same<${name}, wsgi.${name}> = true;`,
    );
    workspace.typeCheck([
      [
        'import type * as wsgi from "wsgi-bridge";',
        'import type { Environ, HeaderPair } from "wsgi-bridge";',
        page.take("ts", "type WsgiApp"),
        "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;",
        ...same,
      ].join("\n"),
    ]);
  });

  it("the example: Express behind a middleware and the validator, in Express", async () => {
    const program = workspace.run(page.take("js", "express().use"));
    const response = await fetch(`${await program.url()}/inner`);
    expect(await response.text()).toBe("Express at /inner\n");
    expect(response.headers.get("x-served-by")).toBe("wsgi");
  });

  it("the drawing names what there is", () => {
    const drawing = page.take("text", "fromWsgi   ");
    const names = drawing.match(/[A-Za-z]{4,}/g) ?? [];
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !WORDS.words.has(name))).toEqual([]);
  });
});

/** What each folder of src/ imports of others; entry points are one. */
function imports(): Map<string, Set<string>> {
  const place = (file: string): string =>
    file.includes("/") ? (file.split("/", 1)[0] as string) : file === "errors.ts" ? "errors" : "entries";
  const found = new Map<string, Set<string>>();
  for (const file of SRC) {
    const code = textOf(`src/${file}`).replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, specifier] of code.matchAll(/\b(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const to = place(posix.join(posix.dirname(file), specifier as string));
      if (to !== place(file)) found.set(place(file), (found.get(place(file)) ?? new Set()).add(to));
    }
  }
  return found;
}

/** Without the arrows that a path of others implies. */
function reduced(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reaches = (from: string, to: string): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...graph].flatMap(([from, all]) =>
    [...all].filter((to) => ![...all].some((other) => reaches(other, to))).map((to) => `${from} --> ${to}`),
  );
}

describe("floors", () => {
  it("the table is that of test/floors.test.ts", () => {
    const rows = rowsOf("## Floors").slice(2);
    const floors = rows.map(([floor, place = ""]) => [place.slice(1, -1), Number(floor)]);
    const folders = Object.entries(FLOORS).map(([folder, floor]) => [`src/${folder}/`, floor]);
    expect(Object.fromEntries(floors)).toEqual(
      Object.fromEntries([...folders, ["src/*.ts", ENTRIES], ["src/errors.ts", 0]]),
    );
    expect(rows.map(([floor]) => Number(floor))).toEqual(
      rows.map(([floor]) => Number(floor)).toSorted((a, b) => b - a),
    );
  });

  it("the arrows are the imports, without those that others imply", () => {
    const drawing = page.take("mermaid", "flowchart");
    const arrows = [...drawing.matchAll(/^ {2}([\w-]+)(?:\[.*?\])? --> ([\w-]+)(?:\[.*?\])?$/gm)];
    expect(arrows).toHaveLength(drawing.trim().split("\n").length - 1);
    expect(arrows.map(([, from, to]) => `${from} --> ${to}`).toSorted()).toEqual(reduced(imports()).toSorted());
  });

  it("an arrow that others imply is not drawn", () => {
    const graph = new Map([
      ["a", new Set(["b", "c"])],
      ["b", new Set(["c"])],
    ]);
    expect(reduced(graph)).toEqual(["a --> b", "b --> c"]);
  });

  it("the packages that are imported are those of the test, in its folders", () => {
    const packages = literal<Readonly<Record<string, readonly string[]>>>(FLOORS_TEST, "PACKAGES");
    expect(Object.keys(packages)).toEqual(["wsgi", "cli", "python"]);
    for (const [folder, names] of Object.entries(packages)) {
      const [sentence] = new RegExp(
        `(?:${names.map((name) => `\`${name}\``).join(" and ")}) in\\s+\`src/${folder}/\``,
      ).exec(section("## Floors")) ?? [undefined];
      expect(sentence, folder).toBeDefined();
    }
  });

  it("biome.json forbids what the floors forbid", () => {
    interface Override {
      includes: string[];
      linter: { rules: { style: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } };
    }
    const { overrides } = JSON.parse(textOf("biome.json")) as { overrides: Override[] };
    const forbidden = Object.fromEntries(
      overrides.flatMap(({ includes: [path = ""], linter }) => {
        const group = linter.rules.style.noRestrictedImports?.options.patterns[0]?.group[0];
        if (group === undefined) return [];
        return [
          [
            path.slice("src/".length, -"/**".length),
            group
              .replace(/^\*\*\/\{?|\}?\/\*\*$/g, "")
              .split(",")
              .toSorted(),
          ],
        ];
      }),
    );
    const expected = Object.entries(FLOORS).map(([folder, floor]) => [
      folder,
      Object.keys(FLOORS)
        .filter((other) => other !== folder && (FLOORS[other] as number) >= floor)
        .toSorted(),
    ]);
    expect(forbidden).toEqual(Object.fromEntries(expected.filter(([, others]) => others?.length !== 0)));
  });
});

describe("the life of a request", () => {
  it("the sequence names functions that there are", () => {
    const drawing = page.take("mermaid", "sequenceDiagram");
    expect(functionsOf(drawing).length).toBeGreaterThan(12);
    expect(unknownFunctions(drawing)).toEqual([]);
    const declared = [...drawing.matchAll(/^ {2}participant (\w+) as /gm)].map(([, name]) => name);
    const used = [...drawing.matchAll(/^ +(\w+)-{1,2}>>(\w+): \S/gm)].flatMap(([, from, to]) => [from, to]);
    expect(new Set(used)).toEqual(new Set(declared));
  });

  it("the objects of pythonApp are those of the source", () => {
    const names = page.take("text", "pythonApp() ─ WorkerPool").match(/\b[A-Z][a-z]\w*[A-Za-z]\b/g) ?? [];
    const classes = [...new Set(names)].filter((name) => name !== "Python");
    expect(classes.length).toBeGreaterThan(7);
    const declared = SRC.map((file) => textOf(`src/${file}`)).join("\n");
    expect(classes.filter((name) => !new RegExp(`\\bclass ${name}\\b`).test(declared))).toEqual([]);
  });

  it("the records on a lane are those of the codec, each with its number", () => {
    const types = [...textOf("src/fastcgi/records.ts").matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)];
    const rows = rowsOf("#### A lane").slice(2);
    expect(rows.map(([name, type]) => [name, type])).toEqual(types.map(([, name, type]) => [name, type]));
    const drawn = page.take("text", "BEGIN_REQUEST").match(/\b[A-Z]{3,}(?:_[A-Z]+)*\b/g) ?? [];
    const known = [...types.map(([, name]) => name), "RESPONDER", "KEEP_CONN", "REQUEST_METHOD", "SCRIPT_NAME"];
    expect(drawn.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each([
    ["has not ended its request after 1 second", "src/python/interrupts.ts", "GRACE_MS = 1_000"],
    ["for up to a second (`Quarantine`)", "src/python/quarantine.ts", "QUARANTINE_MS: number = 1_000"],
    ["has 4 seconds to finish its requests", "python/wsgi_bridge/serving.py", "_EXIT_SECONDS = 4.0"],
    ["still alive after 100 ms", "src/python/worker.ts", "EXIT_EVENT_MS = 100"],
    ["an idle worker first has 5 seconds to end", "src/python/worker.ts", "EXIT_GRACE_MS = 5_000"],
    ["is not retried for a minute (`Retries`)", "src/python/retries.ts", "BLOCKED_MS = 60_000"],
    ["SIGKILL follows 2 seconds later", "src/python/termination.ts", "SIGNAL_GRACE_MS = 2_000"],
    ["has 1 second to end, then the connection", "src/remote/pool.ts", "ABORT_TIMEOUT_MS = 1_000"],
    ["64 MiB for all responses of an app", "src/node/backlog.ts", "SUM = 64 * 1024 * KIB"],
    ["from 1 to 65535", "src/fastcgi/records.ts", "LAST_REQUEST_ID = 0xffff"],
    ["runs on CPython 3.8 and later", "python/wsgi_bridge/__main__.py", "sys.version_info < (3, 8)"],
  ])("%s: as %s has it", (sentence, file, constant) => {
    expect(page.text.replace(/\s+/g, " ")).toContain(sentence);
    expect(textOf(file)).toContain(constant);
  });

  it("one translator: buildEnviron() is called in two places", () => {
    const callers = SRC.filter((file) =>
      /(?<!function )\bbuildEnviron\(/.test(textOf(`src/${file}`).replace(/\/\*[\s\S]*?\*\//g, "")),
    );
    expect(callers.toSorted()).toEqual(["from-wsgi/exchange.ts", "servers/fastcgi/served-request.ts"]);
  });
});

/** The states of a file's machine, in their order; undefined for a file without one. */
function statesOf(file: string): string[] | undefined {
  const text = textOf(file);
  const type =
    /^(?:export )?type (?:Worker)?State = ([^;]+);/m.exec(text)?.[1] ?? /^[A-Z, ]+ = ("idle".*)$/m.exec(text)?.[1];
  return type?.match(/\w+/g) ?? undefined;
}

/** The arrows of a drawing of states: from, to, and what is said beside them. */
function arrowsOf(drawing: string): { from: string; to: string; event: string }[] {
  const arrows = [...drawing.matchAll(/^ {2}(\w+) --> (\w+): (.+)$/gm)];
  expect(arrows).toHaveLength(drawing.trim().split("\n").length - 2); // the kind, and where it begins
  return arrows.map(([, from = "", to = "", event = ""]) => ({ from, to, event }));
}

describe("state machines", () => {
  const rows = rowsOf("## State machines").slice(2);

  it("the table has every machine, with its states", () => {
    const machines = [...SRC.map((file) => `src/${file}`), "python/wsgi_bridge/response.py"].flatMap((file) => {
      const states = statesOf(file);
      return states === undefined ? [] : [[file, states.join(", ")]];
    });
    expect(machines.length).toBeGreaterThan(8);
    expect(Object.fromEntries(rows.map(([file = "", states]) => [file.slice(1, -1), states]))).toEqual(
      Object.fromEntries(machines),
    );
  });

  it("those with a table of transitions are named as such, and no other", () => {
    const tables = rows
      .filter(([, , where]) => where === "a table, `TRANSITIONS`")
      .map(([file = ""]) => file.slice(1, -1));
    const real = SRC.map((file) => `src/${file}`).filter((file) => textOf(file).includes("const TRANSITIONS"));
    expect(tables.toSorted()).toEqual(real.toSorted());
  });

  it("the response writer is drawn as its table says", () => {
    const table = literal<Record<string, Record<string, string>>>("src/wsgi/response.ts", "TRANSITIONS");
    const expected = Object.entries(table).flatMap(([from, events]) =>
      Object.entries(events).map(([event, to]) => ({ from, to, event })),
    );
    const key = ({ from, to, event }: (typeof expected)[number]): string => `${from} ${event} ${to}`;
    expect(arrowsOf(page.take("mermaid", "idle --> held")).map(key).toSorted()).toEqual(expected.map(key).toSorted());
  });

  it.each([
    ["starting --> ready", "src/python/worker-events.ts"],
    ["idle --> busy", "src/fastcgi/connection.ts"],
  ])("%s: the drawing has the states of %s", (containing, file) => {
    const arrows = arrowsOf(page.take("mermaid", containing));
    expect(new Set(arrows.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(statesOf(file)));
    expect(unknownFunctions(arrows.map(({ event }) => event).join("\n"))).toEqual([]);
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
