/** Where virtual environments are looked for, and what is passed over there or refused: no error of the file system escapes. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { OptionError } from "../../src/index.ts";
import { findInterpreter } from "../../src/python/interpreter.ts";
import { type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { APPS, hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

afterEach(() => vi.unstubAllEnvs());

/** Creates files in a new folder; a path that ends with "/" is a folder. The application's directory is "site/shop" in it. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wsgi-bridge-places-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ "site/shop/": "", ...files })) {
    const path = join(root, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(path, text);
  }
  return root;
}

/** The files of an environment. */
const environment = (path: string): Record<string, string> => ({ [`${path}/bin/python`]: "" });

function found(root: string, options: { virtualenv?: string | URL } = {}) {
  const { command, why, fallback } = findInterpreter({
    directory: join(root, "site/shop"),
    active: undefined,
    ...options,
  });
  return {
    command: command.replace(root, "ROOT"),
    why: why.replace(root, "ROOT"),
    fallback: fallback?.replaceAll(root, "ROOT"),
  };
}

describe("the folders above the application's directory", () => {
  it.each([
    ["package.json, one above", { "site/package.json": "", ...environment("site/.venv") }, "ROOT/site/.venv"],
    ["package.json, two above", { "package.json": "", ...environment(".venv") }, "ROOT/.venv"],
    ["a folder .git", { ".git/": "", ...environment(".venv") }, "ROOT/.venv"],
    ["a file .git, as in a worktree", { ".git": "", ...environment(".venv") }, "ROOT/.venv"],
    ["the nearer of two", { ".git/": "", ...environment(".venv"), ...environment("site/.venv") }, "ROOT/site/.venv"],
  ])("have .venv up to the project's root: %s", (_, files, folder) => {
    const { command, why, fallback } = found(tree(files));
    expect([command, fallback]).toEqual([`${folder}/bin/python`, undefined]);
    expect(why).toBe(`from the virtual environment .venv in ${dirname(folder)}`);
  });

  it.each([
    ["above the root", { "site/package.json": "", ".git/": "", ...environment(".venv") }],
    ["above a directory that is the root itself", { "site/shop/.git/": "", ".git/": "", ...environment("site/.venv") }],
    ["without a root", environment("site/.venv")],
    ["named venv or env", { ".git/": "", ...environment("site/venv"), ...environment("site/env") }],
  ])("are not searched for an environment %s", (_, files) => {
    expect(found(tree(files))).toMatchObject({ command: "python3", fallback: "there is no virtual environment" });
  });

  it("come after the directory itself, and before VIRTUAL_ENV", () => {
    const files = { ".git/": "", ...environment(".venv") };
    const directory = "site/shop";
    const root = tree(files);
    expect(findInterpreter({ directory: join(root, directory), active: "/active" }).virtualenv).toBe(
      join(root, ".venv"),
    );
    const both = tree({ ...files, ...environment("site/shop/env") });
    expect(found(both).command).toBe("ROOT/site/shop/env/bin/python");
  });

  it("run a real application", async () => {
    const root = tree({
      "package.json": "{}",
      "site/shop/shop.py": "import sys\ndef app(e, s):\n    s('200 OK', [])\n    return [sys.prefix.encode()]\n",
    });
    execFileSync("python3", ["-m", "venv", "--without-pip", join(root, ".venv")]);
    const { port, logger } = await hostPython("shop:app", { directory: join(root, "site/shop"), python: undefined });
    expect((await rawGet(port, "/")).body).toBe(join(root, ".venv"));
    expect(logger.text).not.toContain("from the PATH");
  });
});

it.each([
  ["a path beside it", "../env-of-shop\n", "site/env-of-shop"],
  ["an absolute path", "ROOT/elsewhere", "elsewhere"],
])("a file .venv that contains %s is followed, wherever it is named", (_, text, folder) => {
  const root = tree(environment(folder));
  writeFileSync(join(root, "site/shop/.venv"), text.replace("ROOT", root));
  expect(found(root).command).toBe(`ROOT/${folder}/bin/python`);
  expect(found(root, { virtualenv: ".venv" }).command).toBe(`ROOT/${folder}/bin/python`);
});

type Useless = [what: string, files: Record<string, string>, links: Record<string, string>, fault: string];

const VENV = "ROOT/site/shop/.venv";
const USELESS: Useless[] = [
  [
    "a file that names no environment",
    { "site/shop/.venv": "shop-x3Kd" },
    {},
    "ROOT/site/shop/shop-x3Kd/bin/python does not exist",
  ],
  ["an empty file", { "site/shop/.venv": "" }, {}, `${VENV}/bin/python does not exist`],
  ["a large file", { "site/shop/.venv": "x".repeat(10_000) }, {}, `${VENV}/bin/python does not exist`],
  [
    "a file with a very long path",
    { "site/shop/.venv": "x".repeat(4000) },
    {},
    "bin/python cannot be read (ENAMETOOLONG)",
  ],
  ["a file with a NUL", { "site/shop/.venv": "a\0b" }, {}, `${VENV}/bin/python does not exist`],
  ["an empty folder", { "site/shop/.venv/": "" }, {}, `${VENV}/bin/python does not exist`],
  ["a circle of links", {}, { "site/shop/.venv": ".venv" }, `${VENV}/bin/python cannot be read (ELOOP)`],
  ["a dangling link", {}, { "site/shop/.venv": "nowhere" }, `${VENV}/bin/python does not exist`],
  [
    "an environment of Windows",
    { "site/shop/.venv/Scripts/python.exe": "" },
    {},
    `${VENV} is a virtual environment of Windows; create one on this system`,
  ],
];

it.each(USELESS)(
  "%s is passed over with the reason, and refused by the option virtualenv",
  (_, files, links, fault) => {
    const root = tree(files);
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
    const { command, fallback } = found(root);
    expect(command).toBe("python3");
    expect(fallback).toContain(fault);
    expect(() => found(root, { virtualenv: ".venv" })).toThrow(OptionError);
    expect(() => found(root, { virtualenv: ".venv" })).toThrow(
      `virtualenv must be the folder of a virtual environment; `,
    );
    expect(() => found(root, { virtualenv: ".venv" })).toThrow(fault.replaceAll("ROOT", root));
  },
);

it("what is passed over does not hide what comes after it", () => {
  const root = tree({ "site/shop/.venv/Scripts/python.exe": "", ...environment("site/shop/venv") });
  expect(found(root)).toMatchObject({ command: "ROOT/site/shop/venv/bin/python", fallback: undefined });
});

it.each([
  [{}, "there is no virtual environment"],
  [
    { "site/shop/.venv/Scripts/python.exe": "" },
    `${VENV} is a virtual environment of Windows; create one on this system`,
  ],
])("the log says that python3 of the system runs the app, why, and what to do instead", async (files, because) => {
  vi.stubEnv("VIRTUAL_ENV", undefined);
  const root = tree({ "site/shop/shop.py": "def app(e, s): pass", ...files });
  const directory = join(root, "site/shop");
  const app = startPython("shop:app", { directory, python: undefined, processes: 2 });
  await app.ready();
  const lines = app.logger.lines.filter((line) => line.includes("from the PATH"));
  expect(lines.map((line) => line.replaceAll(root, "ROOT"))).toEqual([
    `shop:app: python3 from the PATH runs the app, because ${because}; create .venv in ROOT/site/shop, or name an interpreter with the option virtualenv or python`,
  ]);
});

it("directory, virtualenv and python may be file: URLs", async () => {
  const root = tree({});
  execFileSync("python3", ["-m", "venv", "--without-pip", join(root, "a b")]);
  const virtualenv = pathToFileURL(join(root, "a b"));
  for (const options of [{ virtualenv, python: undefined }, { python: new URL(`${virtualenv}/bin/python`) }]) {
    const { port } = await hostPython("probe:application", { directory: pathToFileURL(APPS), ...options });
    expect((await rawGet(port, "/")).head).toMatch(/^HTTP\/1\.1 \d/);
  }
});

const LONG = "x".repeat(300);
const WRONG: [options: Record<string, unknown>, says: RegExp][] = [
  [
    { directory: new URL("https://shop.example/legacy") },
    /directory must be a path or a file: URL, got https:\/\/shop\.example\/legacy/,
  ],
  [{ directory: new URL("file://host/legacy") }, /directory must be a path or a file: URL, got file:\/\/host\/legacy/],
  [{ directory: new URL("file:///a%2Fb") }, /directory must be a path or a file: URL/],
  [{ directory: new URL("file:///no/such/folder") }, /directory must be an existing folder, got \/no\/such\/folder$/],
  [{ directory: 5 }, /directory must be a path or a file: URL, got number/],
  [{ directory: Object.create(null) }, /directory must be a path or a file: URL, got object/],
  [{ directory: "a\0b" }, /directory must be a path or a file: URL, got "a\\u0000b"/],
  [{ directory: LONG }, /directory must be an existing folder, got \S+, which cannot be read \(ENAMETOOLONG\)/],
  [{ directory: `${import.meta.filename}/x` }, /directory must be an existing folder, got \S+\/x$/],
  [{ virtualenv: LONG }, /virtualenv must be the folder of a virtual environment; \S+ cannot be read \(ENAMETOOLONG\)/],
  [{ virtualenv: "a\0b" }, /virtualenv must be a path or a file: URL/],
  [{ virtualenv: new URL("https://shop.example/env") }, /virtualenv must be a path or a file: URL/],
  [{ virtualenv: 5 }, /virtualenv must be a path or a file: URL, got number/],
  [{ python: new URL("https://shop.example/python") }, /python must be a path or a file: URL/],
  [{ python: "a\0b" }, /python must be a path or a file: URL/],
];

it.each(WRONG)("rejects %j with an OptionError", (options, says) => {
  const start = () => pythonApp("probe:application", { directory: APPS, ...options } as PythonAppOptions);
  expect(start).toThrow(OptionError);
  expect(start).toThrow(says);
});

it("rejects relative paths with an OptionError if Node's current directory no longer exists", () => {
  const before = process.cwd();
  const gone = mkdtempSync(join(tmpdir(), "wsgi-bridge-gone-"));
  onTestFinished(() => process.chdir(before));
  process.chdir(gone);
  rmSync(gone, { recursive: true });
  expect(() => pythonApp("shop:app")).toThrow(OptionError);
  expect(() => pythonApp("shop:app")).toThrow(/directory must be an absolute path, because Node's current directory/);
});

it("rejects a directory that is a circle of links with an OptionError", () => {
  const root = tree({});
  symlinkSync("circle", join(root, "circle"));
  expect(() => pythonApp("shop:app", { directory: join(root, "circle") })).toThrow(OptionError);
  expect(() => pythonApp("shop:app", { directory: join(root, "circle") })).toThrow(/cannot be read \(ELOOP\)/);
});
