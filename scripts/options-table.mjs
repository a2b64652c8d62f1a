/** Makes the option tables of the pages from the doc comments of the options. */

/** The file that declares the options of each table, by the name between the marks in the pages. */
export const OPTION_FILES = {
  fromWsgi: "src/from-wsgi/options.ts",
  pythonApp: "src/python/options.ts",
  remote: "src/remote/options.ts",
  script: "src/remote/script.ts",
  serveFastcgi: "src/servers/fastcgi/options.ts",
  validator: "src/wsgi/validate/options.ts",
};

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
