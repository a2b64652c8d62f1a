/** What a page names in code spans: files, folders and identifiers. Knows Markdown and the repository's files; judges no text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./page.ts";

/** Where a page's identifiers may come from. Pages' own tests are left out: a page must not be true because its test says so. */
const SOURCES = ["src", "python", "test", "scripts", "bench"] as const;
const SOURCE = /\.(ts|mjs|py|sh|toml)$/;
const OWN = /^docs\//;

/** Made by tests and by Python, and taken away at any time: no walk may enter them. */
const PASSING = /^(\.|__pycache__$)/;

/** The files below a folder, from there. */
export function filesIn(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter(({ name }) => !PASSING.test(name));
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return filesIn(join(folder, entry.name)).map((file) => join(entry.name, file));
    return entry.isFile() ? [entry.name] : [];
  });
}

export const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** What the source, the tests and the settings say. */
interface Vocabulary {
  /** Every word of three letters or more. */
  readonly words: ReadonlySet<string>;
  /** Every name that is called or declared as a function. */
  readonly functions: ReadonlySet<string>;
}

export function vocabulary(): Vocabulary {
  const files = SOURCES.flatMap((folder) =>
    filesIn(folder)
      .filter((file) => SOURCE.test(file) && !(folder === "test" && OWN.test(file)))
      .map((file) => join(folder, file)),
  );
  const texts = [...files, "package.json", "biome.json", "tsconfig.json", "vitest.config.ts"].map(textOf);
  const all = (pattern: RegExp): ReadonlySet<string> => new Set(texts.flatMap((text) => text.match(pattern) ?? []));
  return { words: all(WORD), functions: all(CALL) };
}

/** The functions that a text names, as `name()` or `name(argument)`. */
export function functionsOf(text: string): string[] {
  return [...new Set(text.match(CALL) ?? [])];
}

const CALL = /[A-Za-z_]\w*(?=\()/g;
const WORD = /[A-Za-z_]\w{2,}/g;

/** A line of a page outside code blocks, and the folder that the heading above it names; "" for none. */
interface Line {
  readonly text: string;
  readonly folder: string;
}

function linesOf(page: string): Line[] {
  let folder = "";
  return page
    .replace(/^```[\s\S]*?^```$/gm, "")
    .split("\n")
    .map((text) => {
      if (text.startsWith("#")) folder = /^#+ ([\w./-]+\/)$/.exec(text)?.[1] ?? "";
      return { text, folder };
    });
}

const spansOf = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

const FILE = /^[\w.*-]+(?:\/[\w.*-]+)*\/?$/;
const EXTENSION = /[\w*]\.(ts|mjs|py|json|md|sh|yml|toml|txt|http|typed)$/;
/** A name that npm, not the file system, resolves. */
const PACKAGE = /^wsgi-bridge\//;

const isPath = (span: string): boolean =>
  FILE.test(span) && !PACKAGE.test(span) && (span.includes("/") || EXTENSION.test(span));

/** The paths that a page names, from the root: a bare name stands for a file in its heading's folder, or of the Python half. */
export function pathsOf(page: string): string[] {
  const named = linesOf(page).flatMap(({ text, folder }) =>
    spansOf(text)
      .filter(isPath)
      .map((span) => placeOf(span, folder)),
  );
  const drawn = [...page.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].flatMap(
    ([, code]) => code?.match(/\bsrc\/[\w./*-]+/g) ?? [],
  );
  return [...new Set([...named, ...drawn])];
}

function placeOf(span: string, folder: string): string {
  if (exists(folder + span)) return folder + span;
  if (folder === "" && span.endsWith(".py") && !span.includes("/")) return `python/wsgi_bridge/${span}`;
  return span;
}

/** `*` stands for any name: there is at least one. */
export function exists(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(ROOT, path));
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const [begin = "", end = ""] = path.slice(folder.length).split("*");
  const names = existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)) : [];
  return names.some((name) => name.startsWith(begin) && name.endsWith(end));
}

/** The imports of this package that a page names. */
export function importsOf(page: string): string[] {
  return linesOf(page).flatMap(({ text }) => spansOf(text).filter((span) => PACKAGE.test(span)));
}

/** What a page's code spans have, where they are no path. */
function codeOf(page: string): string[] {
  return linesOf(page).flatMap(({ text }) => spansOf(text).filter((span) => !isPath(span)));
}

/** The words and the functions that a page names in code spans, and that are not known. */
export function unknownOf(page: string, { words, functions }: Vocabulary): string[] {
  const code = codeOf(page);
  const named = new Set(code.flatMap((span) => span.match(WORD) ?? []));
  const called = code.flatMap(functionsOf).filter((name) => !functions.has(name));
  return [...new Set([...[...named].filter((word) => !words.has(word)), ...called])];
}

/** A constant of a TypeScript file that is a literal. */
export function literal<Value>(file: string, name: string): Value {
  const found = new RegExp(`const ${name}\\b[^=]*= (\\{[\\s\\S]*?^\\}|[^;\\n]+)`, "m").exec(textOf(file))?.[1];
  if (found === undefined) throw new Error(`${file} has no constant ${name}`);
  return new Function(`return (${found});`)() as Value;
}
