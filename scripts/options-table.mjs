/** Makes the option tables of the README from the doc comments of the options. As a program, prints the table of one file. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Matches a doc comment followed by `name?: type`. */
const OPTION = /\/\*\*\n((?: {3}\*.*\n)+?) {3}\*\/\n {2}(\w+)\?: /g;

/** @param source the text of a TypeScript file in which each option has a doc comment with `@default` */
export function optionsTable(source) {
  const rows = [...source.matchAll(OPTION)].map(([, comment, name]) => {
    const lines = comment.split("\n").map((line) => line.replace(/^ {3}\* ?/, ""));
    const at = lines.findIndex((line) => line.startsWith("@default"));
    const meaning = lines.slice(0, at).join(" ").replace(/\s+/g, " ").trim();
    const value = lines[at].slice("@default ".length);
    return `| \`${name}\` | ${/^["{\d]|^console$/.test(value) ? `\`${value}\`` : value} | ${meaning} |`;
  });
  return ["| option | default | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(optionsTable(readFileSync(process.argv[2], "utf8")));
}
