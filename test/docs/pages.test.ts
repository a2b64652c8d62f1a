/** What holds for every page: its links lead somewhere, and its option tables are those of the source. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { OPTION_FILES, optionsTable } from "../../scripts/options-table.mjs";
import { ROOT } from "./page.ts";

const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));
const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");
const withoutCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length));

/** GitHub's anchors of a page's headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [
    ...textOf(page)
      .replace(/^```[\s\S]*?^```$/gm, "")
      .matchAll(/^#+ (.*)$/gm),
  ].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** What is wrong with a link, or undefined. */
function fault(page: string, link: string): string | undefined {
  if (/^https?:/.test(link)) return URL.canParse(link) ? undefined : `${link} is no URL`;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, target))) return `${link}: there is no ${target}`;
  if (anchor !== undefined && !anchorsOf(target).has(anchor)) return `${link}: ${target} has no heading #${anchor}`;
  return undefined;
}

it.each(PAGES)("%s: every link leads somewhere", (page) => {
  const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  expect(links.flatMap((link) => fault(page, link) ?? [])).toEqual([]);
});

it("finds what is wrong with links", () => {
  expect(fault("README.md", "docs/nowhere.md")).toContain("there is no docs/nowhere.md");
  expect(fault("README.md", "#nowhere")).toContain("no heading #nowhere");
  expect(fault("README.md", "#try-it")).toBeUndefined();
});

it("every page of docs/ can be reached from the README", () => {
  const linked = PAGES.flatMap((page) =>
    page === "README.md" ? [...textOf(page).matchAll(/\]\((docs\/[^)#\s]+)/g)] : [],
  ).map((match) => match[1]);
  expect(PAGES.filter((page) => page.startsWith("docs/") && !linked.includes(page))).toEqual([]);
});

it("has a table for every function that takes options", () => {
  expect(Object.keys(OPTION_FILES)).toEqual(["fromWsgi", "pythonApp", "remote", "script", "serveFastcgi", "validator"]);
});

it.each(Object.entries(OPTION_FILES))(
  "the table of %s's options is made from the comments in %s, and stands on one page",
  (name, file) => {
    const table = optionsTable(readFileSync(join(ROOT, file), "utf8"));
    const marked = PAGES.filter((page) => textOf(page).includes(`\n<!-- ${name} options -->\n`));
    expect(marked).toHaveLength(1);
    expect(textOf(marked[0] as string)).toContain(`<!-- ${name} options -->\n${table}\n<!-- /${name} options -->`);
  },
);
