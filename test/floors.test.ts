/** The layers of `src/` ("floors"): which folder may import which. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** The floor of each folder. Files directly in `src/` are entry points, except errors.ts, which is on floor 0. */
const FLOORS: Readonly<Record<string, number>> = {
  wsgi: 1,
  node: 2,
  fastcgi: 2,
  "from-wsgi": 3,
  "to-wsgi": 3,
  python: 3,
  remote: 3,
  servers: 4,
  cli: 5,
};
const ERRORS = "errors.ts";
const ENTRIES = 5;
const MAX_LINES = 200;
/** Files that may be longer, and why. */
const LONGER: Readonly<Record<string, number>> = {
  "errors.ts": 300, // all errors that a program may catch
  "fastcgi/connection.ts": 220, // one class with private state
  "python/request.ts": 220, // one request and all its outcomes
  "python/worker.ts": 230, // one process, from start to exit
  "remote/request.ts": 220, // one request and all its outcomes
  "wsgi/response.ts": 220, // the state machine with its drawing and its errors
};

const FILES: string[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replaceAll("\\", "/"));
const source = (file: string): string => readFileSync(join(SRC, file), "utf8");

/** Returns every module that a source imports or re-exports, types included, and those of `import()`. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const pattern = /\bfrom\s*["']([^"'\s]+)["']|\bimport\s*\(?\s*["']([^"'\s]+)["']/g;
  return [...code.matchAll(pattern)].map((match) => (match[1] ?? match[2]) as string);
}

/** Returns the top folder, because subfolders are on the floor of their parent. */
const folderOf = (file: string): string => (file.includes("/") ? (file.split("/", 1)[0] as string) : ".");

function floorOf(file: string): number {
  const folder = folderOf(file);
  if (folder !== ".") return FLOORS[folder] ?? Number.NaN;
  return file === ERRORS ? 0 : ENTRIES;
}

const isEntry = (file: string): boolean => folderOf(file) === "." && file !== ERRORS;

/** The runtime dependencies, and the folders that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  wsgi: ["leven"],
  cli: ["commander", "morgan"],
  python: ["chokidar"],
};

/** Returns what is wrong with an import, or `undefined`. */
function fault(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) {
    const allowed = specifier.startsWith("node:") || PACKAGES[folderOf(file)]?.includes(specifier);
    return allowed ? undefined : `${file} imports the package ${specifier}`;
  }
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  if (target.startsWith("..")) return `${file} leaves src: ${specifier}`;
  const own = folderOf(file) === folderOf(target) && !isEntry(file);
  return own || floorOf(target) < floorOf(file) ? undefined : `${file} (floor ${floorOf(file)}) imports ${target}`;
}

/** The imports of each file from this package. */
const IMPORTS: ReadonlyMap<string, readonly string[]> = new Map(
  FILES.map((file) => [
    file,
    specifiers(source(file))
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => posix.normalize(posix.join(posix.dirname(file), specifier))),
  ]),
);

/** Returns an import cycle that contains the file, or undefined. */
function cycle(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  const visit = (at: string, path: readonly string[]): string[] | undefined => {
    for (const next of imports.get(at) ?? []) {
      if (next === file) return [...path, at, file];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = visit(next, [...path, at]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(file, []);
}

describe("the import reader", () => {
  it("finds every form of import, and none in comments", () => {
    const text = `
      /* import "./a.ts" */ // from "./b.ts"
      import "./c.ts"; import type { D } from './d.ts';
      export { e } from "./e.ts"; export * from "./f.ts";
      const g: import("./g.ts").G = await import("./h.ts");
      import {
        i,
      } from "./i.ts";`.replace(' // from "./b.ts"', '\n// from "./b.ts"');
    expect(specifiers(text)).toEqual(["c", "d", "e", "f", "g", "h", "i"].map((name) => `./${name}.ts`));
  });

  it.each([
    ["wsgi/path.ts", "../errors.ts", true],
    ["wsgi/path.ts", "./types.ts", true],
    ["wsgi/path.ts", "../node/sink.ts", false],
    ["wsgi/inner/path.ts", "../types.ts", true],
    ["wsgi/inner/path.ts", "../../node/sink.ts", false],
    ["fastcgi/reader.ts", "../node/sink.ts", false],
    ["python/pool.ts", "../fastcgi/reader.ts", true],
    ["from-wsgi/koa.ts", "../python/pool.ts", false],
    ["from-wsgi/koa.ts", "../to-wsgi/koa.ts", false],
    ["errors.ts", "./wsgi/types.ts", false],
    ["from-wsgi/express.ts", "./options.ts", true],
    ["from-wsgi/express.ts", "../index.ts", false],
    ["servers/node-app/lane.ts", "../../from-wsgi/sink.ts", true],
    ["servers/node-app/lane.ts", "../fastcgi/stdin.ts", true],
    ["index.ts", "./from-wsgi/express.ts", true],
    ["index.ts", "./koa.ts", false],
    ["index.ts", "./support/bytes.ts", false],
    ["index.ts", "express", false],
    ["cli/arguments.ts", "commander", true],
    ["cli/arguments.ts", "express", false],
    ["from-wsgi/express.ts", "commander", false],
    ["cli/serve.ts", "../from-wsgi/express.ts", true],
    ["index.ts", "./cli/serve.ts", false],
    ["wsgi/path.ts", "node:http", true],
  ])("knows whether %s may import %s: %s", (file, specifier, allowed) => {
    expect(fault(file, specifier) === undefined).toBe(allowed);
  });
});

it("finds import cycles", () => {
  const imports = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", []],
    ["d", ["b"]],
  ]);
  expect(["a", "b", "c", "d"].map((file) => cycle(file, imports))).toEqual([
    undefined,
    ["b", "d", "b"],
    undefined,
    ["d", "b", "d"],
  ]);
});

describe("src", () => {
  it.each(FILES)("%s is in no import cycle, types included", (file) => {
    expect(cycle(file, IMPORTS)).toBeUndefined();
  });

  it("has files, each of them on a floor", () => {
    expect(FILES.length).toBeGreaterThan(30);
    expect(FILES.filter((file) => Number.isNaN(floorOf(file)))).toEqual([]);
  });

  it.each(FILES)("%s imports only its own folder, lower floors and the packages of its folder", (file) => {
    const faults = specifiers(source(file)).flatMap((specifier) => fault(file, specifier) ?? []);
    expect(faults).toEqual([]);
  });

  it.each(FILES.filter((file) => isEntry(file)))("%s only re-exports names", (file) => {
    const statements = source(file)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/export (type )?\{[^}]*\} from "[^"]+";/g, "");
    expect(statements.trim()).toBe("");
  });

  it.each(FILES.filter((file) => !isEntry(file)))("%s begins with a comment", (file) => {
    expect(source(file)).toMatch(/^(#!.*\n)?\/\*\*? ?/);
  });

  it("has no file of more than 200 lines except those in LONGER", () => {
    const lines = Object.fromEntries(FILES.map((file) => [file, source(file).trimEnd().split("\n").length]));
    expect(FILES.filter((file) => (lines[file] ?? 0) > (LONGER[file] ?? MAX_LINES))).toEqual([]);
  });
});

it("has no Node imports in wsgi, the lowest floor", () => {
  const wsgi = FILES.filter((file) => folderOf(file) === "wsgi");
  expect(wsgi.flatMap((file) => specifiers(source(file)).filter((specifier) => specifier.startsWith("node:")))).toEqual(
    [],
  );
});
