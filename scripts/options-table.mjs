/** The README's table of options, made from the doc comments where the options are declared. Prints it for one file. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A doc comment, then `name?: type`. */
const OPTION = /\/\*\*\n((?: {3}\*.*\n)+?) {3}\*\/\n {2}(\w+)\?: /g;

/** @param source a TypeScript file in which each option has a doc comment with `@default` */
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
