/** CONTRIBUTING.md: its commands are those of package.json, its examples run, and every file and name in it exists. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import type { WsgiApp } from "../../src/index.ts";
import { type PythonApp, pythonApp } from "../../src/python.ts";
import { CASES } from "../conformance/cases/all.ts";
import { runCase, type Variant } from "../conformance/run.ts";
import type { Case } from "../conformance/types.ts";
import { ALL_HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { exists, filesIn, literal, pathsOf, textOf, unknownOf, vocabulary } from "./names.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("CONTRIBUTING.md");
const workspace = new Workspace();
const PACKAGE = JSON.parse(textOf("package.json")) as {
  version: string;
  engines: { node: string };
  scripts: Record<string, string>;
};
/** Names of which the source says nothing. */
const FOREIGN = ["sudo", "README"];

/** Not a literal, since the benchmark has no types. */
const { readOptions } = (await import(pathToFileURL(join(ROOT, "bench", "options.mjs")).href)) as {
  readOptions(args: readonly string[]): unknown;
};
const sentence = page.text.replace(/\s+/g, " ");

it("every file and folder exists", () => {
  expect(pathsOf(page.text).length).toBeGreaterThan(40);
  expect(pathsOf(page.text).filter((path) => path !== "/path/to/python" && !exists(path))).toEqual([]);
});

it("every identifier is one of the source, the tests or the tools", () => {
  expect(unknownOf(page.text, vocabulary()).filter((name) => !FOREIGN.includes(name))).toEqual([]);
});

describe("commands", () => {
  const rows = [...page.text.matchAll(/^\| `npm (?:run )?([\w:]+)` \|/gm)].map((match) => match[1]);

  it("the table has every script of package.json, and no other", () => {
    expect(rows.toSorted()).toEqual(Object.keys(PACKAGE.scripts).toSorted());
  });

  it("demo, tests, load tests and bench set up and build first, as the table says", () => {
    const first = Object.keys(PACKAGE.scripts).filter((name) =>
      /setup(:apps)? && npm run/.test(PACKAGE.scripts[name] ?? ""),
    );
    expect(first.toSorted()).toEqual(["bench", "demo", "test", "test:apps", "test:faults", "test:servers"]);
  });

  it("every command in the text names a script that there is", () => {
    const named = [...sentence.matchAll(/`npm run ([\w:-]+)/g)].map((match) => match[1] as string);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !(name in PACKAGE.scripts))).toEqual([]);
  });

  it("every line of a shell block can be run", () => {
    const lines = page
      .takeAll("sh")
      .join("")
      .split("\n")
      .map((line) => line.replace(/#.*/, "").trim())
      .filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(9);
    expect(lines.flatMap((line) => line.split("&&").flatMap((command) => fault(command.trim()) ?? []))).toEqual([]);
  });

  it.each([
    ["npm run nothing", "no script"],
    ["npm run bench -- --group nothing", "unknown name"],
    ["npm run test:servers -- nothing", "no file"],
    ["npx nothing", "no program"],
    ["npx vitest run test/nothing", "no file"],
    ["npx vitest run test/wsgi/path.test.ts -t nothing", "no test"],
    ["node test/nothing.mjs", "no file"],
    ["rm -r src", "unknown"],
  ])("finds what is wrong with %s", (command, what) => expect(fault(command)).toContain(what));
});

/** What is wrong with a command, or undefined. */
function fault(command: string): string | undefined {
  const [program = "", ...args] = command.split(/\s+/).filter((word) => !/^[A-Z_]+=\S+$/.test(word));
  if (program === "npm") return npmFault(args);
  if (program === "npx") return npxFault(args);
  if (program === "node" && args.length > 0) return exists(args[0] as string) ? undefined : `no file ${args[0]}`;
  return `${command}: unknown`;
}

function npmFault([command = "", ...rest]: string[]): string | undefined {
  if (command === "ci" || (command === "pack" && rest.join() === "--dry-run")) return undefined;
  const [name = "", dashes, ...args] = command === "run" ? rest : [command, ...rest];
  if (!(name in PACKAGE.scripts)) return `no script ${name}`;
  if (dashes === undefined) return undefined;
  if (dashes !== "--") return `${name}: arguments come after --`;
  if (name === "bench") return faultOf(() => readOptions(args));
  const files = name === "test:servers" ? filesIn("test/servers/real") : filesIn("test");
  return args.every((filter) => files.some((file) => file.includes(filter))) ? undefined : `no file for ${args}`;
}

function npxFault([program = "", ...args]: string[]): string | undefined {
  if (!exists(`node_modules/.bin/${program}`)) return `no program ${program}`;
  const at = args.indexOf("-t");
  const [, filter] = at === -1 ? [] : args.splice(at, 2);
  const files = args.filter((arg) => !arg.startsWith("-") && arg !== "run" && arg !== "check");
  const missing = files.find((file) => !exists(file));
  if (missing !== undefined) return `no file ${missing}`;
  if (filter === undefined || files.some((file) => textOf(file).includes(`"${filter}`))) return undefined;
  return `no test with ${filter}`;
}

function faultOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("set-up", () => {
  it("the versions are those of package.json, of CI and of the Python half", () => {
    expect(PACKAGE.engines.node).toBe(">=20.19");
    expect(sentence).toContain("Node 20.19 or later, npm, and Python 3.8 or later");
    const ci = textOf(".github/workflows/ci.yml");
    const rows = [...ci.matchAll(/os: (\w+)-\S+, node: (\d+), python: "([\d.]+)"/g)];
    const nodes = [...new Set(rows.map(([, , node]) => node))].toSorted();
    const minor = (version: string): number => Number(version.split(".")[1]);
    const pythons = rows.map(([, , , python = ""]) => minor(python));
    expect(sentence).toContain(`Node ${nodes.slice(0, -1).join(", ")} and ${nodes.at(-1)}`);
    expect(sentence).toContain(`CPython 3.${Math.min(...pythons)} to 3.${Math.max(...pythons)}`);
    expect(new Set(rows.map(([, os]) => os))).toEqual(new Set(["ubuntu", "macos"]));
  });

  it("the demo listens on 3000, or where PORT says", () => {
    expect(textOf("examples/demo/server.mjs")).toContain("process.env.PORT ?? 3000");
  });
});

describe("tests", () => {
  it("the table has every folder of test/", () => {
    const folders = readdirSync(join(ROOT, "test"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => `test/${name}/`);
    const rows = [...page.text.matchAll(/^\| (`test\/[^|]*) \|/gm)].map((match) => match[1] as string);
    const named = new Set(rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)));
    expect(folders.filter((folder) => !named.has(folder))).toEqual([]);
  });

  it("the table of numbers has the topics that the tests have, and no other", () => {
    const rows = [...page.text.matchAll(/^\| (`[A-Z]+`(?:, `[A-Z]+`)*) \|/gm)].map((match) => match[1] as string);
    const topics = rows.flatMap((row) => row.match(/[A-Z]+/g) ?? []);
    const files = filesIn("test").filter((file) => file.endsWith(".test.ts") && !file.startsWith("docs/"));
    const tests = files.map((file) => textOf(`test/${file}`)).join("\n");
    const used = [...CASES.map(({ name }) => name), ...(tests.match(/(?<=["`])[A-Z]{2,4}-\d\d\b/g) ?? [])];
    const found = new Set(used.map((name) => name.split("-", 1)[0] as string));
    expect([...found].toSorted()).toEqual(topics.toSorted());
  });

  it("the raw request and its twin stand in the files as they are shown", () => {
    const file = "test/conformance/requests/valid/encoded-dot-segments";
    expect(textOf(`${file}.http`)).toBe(`${page.take("text", "GET /").replaceAll("\n", "\r\n")}\r\n`);
    expect(textOf(`${file}.json`)).toBe(page.take("text", '"title"'));
  });
});

describe("a row of the conformance table", () => {
  const code = page.take("ts", "Case[]");
  const twin = page.take("python", "says_method");
  const conformance = join(ROOT, "test", "conformance");
  // What "../apps.ts" and "../types.ts" are for a file in test/conformance/cases.
  workspace.write("apps.ts", 'export * from "../conformance/apps.ts";\n');
  workspace.write("types.ts", 'export type * from "../conformance/types.ts";\n');
  const file = workspace.write("cases/row.ts", code);
  workspace.write(
    "twins_of_page.py",
    [
      "import sys",
      `sys.path.insert(0, ${JSON.stringify(conformance)})`,
      `source = open(${JSON.stringify(join(conformance, "twins.py"))}, encoding="utf-8").read()`,
      `exec(source + ${JSON.stringify(twin)})`,
    ].join("\n"),
  );
  let python: PythonApp | undefined;
  afterAll(() => python?.close());

  it("compiles under the settings of this repository", () => {
    const project = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { types: ["node"] },
      include: ["cases", "../support/untyped.d.ts"],
    };
    workspace.write("tsconfig.json", JSON.stringify(project));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const compile = (): string =>
      execFileSync(tsc, ["--noEmit", "-p", workspace.folder], { encoding: "utf8", stdio: "pipe", timeout: 60_000 });
    expect(faultOf(compile)).toBeUndefined();
  });

  it.each(["Express 5", "HTTP/2"])("holds on %s, in JavaScript and in Python", async (name) => {
    const { EXAMPLE } = (await import(/* @vite-ignore */ file)) as { EXAMPLE: readonly Case[] };
    python ??= pythonApp("twins_of_page:application", {
      directory: workspace.folder,
      python: ensurePython(),
      processes: 1,
      threads: 1,
      logger: new MemoryLogger(),
    });
    const app = python;
    const inPython = ({ twin: told }: Case): WsgiApp => {
      return (environ, startResponse) => {
        environ["conformance.twin"] = JSON.stringify(told);
        environ["conformance.validated"] = "false";
        return app(environ, startResponse);
      };
    };
    const variants: readonly Variant[] = [
      { name: "JavaScript", language: "javascript", validated: false, build: (row) => row.app as WsgiApp },
      { name: "Python", language: "python", validated: false, build: inPython },
    ];
    const host = ALL_HOSTS.find((one) => one.name === name);
    if (host === undefined) throw new Error(`no host ${name}`);
    expect(EXAMPLE).toHaveLength(1);
    for (const row of EXAMPLE) for (const variant of variants) await runCase(host, variant, row);
  });
});

describe("floors and style", () => {
  it("the floors are named in the order of test/floors.test.ts", () => {
    const floors = literal<Readonly<Record<string, number>>>("test/floors.test.ts", "FLOORS");
    const text = /`src\/errors\.ts` is the lowest floor, (.*?) and the entry points/.exec(sentence)?.[1] ?? "";
    const named = text
      .split("then ")
      .map((floor) => (floor.match(/`([\w-]+)`/g) ?? []).map((name) => name.slice(1, -1)));
    const expected = [...new Set(Object.values(floors))].map((floor) =>
      Object.keys(floors).filter((folder) => floors[folder] === floor),
    );
    expect(named.filter((floor) => floor.length > 0)).toEqual(expected);
  });

  it("the measures are those that are checked", () => {
    expect(sentence).toContain(`has at most ${literal<number>("test/floors.test.ts", "MAX_LINES")} lines`);
    expect(textOf("python/pyproject.toml")).toContain("line-length = 130");
    expect(sentence).toContain("lines of at most 130 characters");
  });

  it("has ten sentences of style and three pairs of English", () => {
    const style = /^## Style\n([\s\S]*?)^## /m.exec(page.text)?.[1] ?? "";
    expect(style.match(/^\d+\. /gm)).toHaveLength(10);
    const english = /^## English\n([\s\S]*?)^## /m.exec(page.text)?.[1] ?? "";
    expect(english.match(/^\| (?!before|---)/gm)).toHaveLength(3);
  });
});

describe("changelog and releases", () => {
  it("the version is the same in all three files", () => {
    const lock = JSON.parse(textOf("package-lock.json")) as { version: string; packages: { "": { version: string } } };
    const python = /^version = "(.*)"$/m.exec(textOf("python/pyproject.toml"))?.[1];
    expect([lock.version, lock.packages[""].version, python]).toEqual(Array(3).fill(PACKAGE.version));
  });

  it("the groups of the changelog come in the order that is told", () => {
    const order = ["Security", "Changed", "Added"];
    expect(sentence).toContain(`The groups are ${order.slice(0, -1).join(", ")} and ${order.at(-1)}, in this order.`);
    for (const version of textOf("CHANGELOG.md").split(/^## /m).slice(1)) {
      const groups = [...version.matchAll(/^### (.*)$/gm)].map((match) => match[1] as string);
      expect(groups).toEqual(order.filter((group) => groups.includes(group)));
    }
  });

  it("npm publish builds first", () => {
    expect((PACKAGE.scripts as Record<string, string>).prepack).toContain("npm run --silent build");
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
