/** Runs everything that the README shows. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Page, ROOT } from "./docs/page.ts";
import { Workspace } from "./docs/program.ts";

const MAX_LINES = 220;

const readme = new Page("README.md");
const workspace = new Workspace();

it("runs the first example: Flask in Express at /shop", async () => {
  const url = await workspace.run(readme.take("js", 'app.use("/shop", fromWsgi(shop))')).url();
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
  expect(await (await fetch(`${url}/shop/`)).text()).toBe("The shop is at /shop/");
});

it("runs a JavaScript app on node:http", async () => {
  const url = await workspace.run(readme.take("js", "createServer(fromWsgi(hello))")).url();
  expect(await (await fetch(`${url}/you`)).text()).toBe("Hello, /you\n");
});

it("runs a Python app mounted in Koa", async () => {
  const url = await workspace.run(readme.take("js", "koa-mount")).url();
  expect(await (await fetch(`${url}/shop/`)).text()).toBe("The shop is at /shop/");
});

it("runs a Python app that closes with its server on SIGTERM", async () => {
  const program = workspace.run(readme.take("js", "closeOnSignal"));
  expect(await (await fetch(await program.url())).text()).toBe("The shop is at /");
  program.process.kill("SIGTERM");
  expect(await once(program.process, "exit")).toEqual([0, null]);
});

it("runs a Koa app in Express", async () => {
  const url = await workspace.run(readme.take("js", "toWsgi(blog)")).url();
  expect(await (await fetch(`${url}/blog/a`)).text()).toBe("Koa at /a of /blog/a\n");
});

it("runs the command that serves the app", async () => {
  const command = readme.take("sh", "npx wsgi-bridge serve").trim().replace("--port 8000", "--port 0");
  const main = join(ROOT, "dist/cli/main.js");
  const program = workspace.start(command.replace("npx wsgi-bridge", `exec ${process.execPath} ${main}`));
  let line = "";
  while (!line.startsWith("Serving ")) [line] = (await once(program.lines, "line")) as [string];
  const url = /http:\S+/.exec(line)?.[0] ?? line;
  expect(await (await fetch(url)).text()).toBe("The shop is at /");
});

it("names npm scripts that exist", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const names = [...readme.take("sh", "npm run demo").matchAll(/&& npm (?:run )?(\w+)/g)].map((match) =>
    String(match[1]),
  );
  expect(names).toEqual(["demo", "test"]);
  for (const name of names) expect(scripts).toHaveProperty(name);
});

it("installs the package by its name", () => {
  const { name } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { name: string };
  expect(readme.take("sh", "npm install").trim()).toBe(`npm install ${name}`);
});

it("names functions and folders that exist in its diagrams", () => {
  const diagram = readme.take("mermaid");
  const flow = readme.take("text", "from-wsgi");
  const sources = execFileSync("git", ["ls-files", "src", "python"], { cwd: ROOT, encoding: "utf8", timeout: 10_000 });
  const code = sources
    .trim()
    .split("\n")
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const names = [...`${diagram}\n${flow}`.matchAll(/(\w+)\(/g)].map((match) => String(match[1]));
  expect(names).toContain("buildEnviron");
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  for (const [folder] of flow.matchAll(/\b(?:from|to)-wsgi\b/g)) expect(sources).toContain(`src/${folder}/`);
});

it("has no untested code block", () => expect(readme.untested).toEqual([]));

it(`has at most ${MAX_LINES} lines`, () => {
  expect(readme.text.trimEnd().split("\n").length).toBeLessThanOrEqual(MAX_LINES);
});
