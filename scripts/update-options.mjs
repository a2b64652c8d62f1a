/** Updates the option tables in README.md and docs/ from the doc comments in src/. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { OPTION_FILES, optionsTable } from "./options-table.mjs";

const root = new URL("../", import.meta.url);
const pages = ["README.md", ...readdirSync(new URL("docs", root)).map((name) => `docs/${name}`)];
for (const page of pages.filter((name) => name.endsWith(".md"))) {
  let text = readFileSync(new URL(page, root), "utf8");
  for (const [name, file] of Object.entries(OPTION_FILES)) {
    const table = optionsTable(readFileSync(new URL(file, root), "utf8"));
    const marked = new RegExp(`(<!-- ${name} options -->\n)[\\s\\S]*?(\n<!-- /${name} options -->)`);
    text = text.replace(marked, (_, begin, end) => `${begin}${table}${end}`);
  }
  writeFileSync(new URL(page, root), text);
}
