/** Whatever the README shows is run or type-checked here, as it stands there. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { optionsTable } from "../scripts/options-table.mjs";
import { ensurePython } from "../scripts/python-env.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

interface Block {
  readonly language: string;
  readonly code: string;
}
const BLOCKS: Block[] = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
  language: match[1] ?? "",
  code: match[2] ?? "",
}));
const inLanguage = (language: string): string[] =>
  BLOCKS.filter((block) => block.language === language).map((block) => block.code);

/** A folder inside this package, so that `wsgi-bridge` means what was built here. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(ROOT, "test", ".readme-"));
  mkdirSync(join(folder, "legacy"));
  writeFileSync(join(folder, "legacy", "shop.py"), inLanguage("python")[0] ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program on a port of the system's choice; `python3` is the interpreter with the frameworks. */
function run(code: string, name: string): ChildProcess {
  const announce = 'listen(0, function () { console.log("port", this.address().port); })';
  writeFileSync(join(folder, name), code.replace("listen(3000)", announce));
  const env = { ...process.env, PATH: `${dirname(ensurePython())}${delimiter}${process.env.PATH}` };
  const child = spawn(process.execPath, [name], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith("port ")) return `http://127.0.0.1:${line.slice(5)}`;
  }
  throw new Error("the program ended without listening");
}

it("has no code block that the tests below do not know", () => {
  expect(BLOCKS.map(({ language }) => language)).toEqual(
    ["js", "python", "sh", "sh", "js", "ts", "js", "js", "js", "js", "js", "python", "sh", "js", "js", "js", "text"], // in the README's order
  );
});

it("the first example: Flask in Express at /shop", async () => {
  const url = await urlOf(run(inLanguage("js")[0] ?? "", "first.mjs"));
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
  expect(await (await fetch(`${url}/shop`)).text()).toBe("The shop is at /shop/");
});

it("a JavaScript app on node:http", async () => {
  const url = await urlOf(run(inLanguage("js")[1] ?? "", "hello.mjs"));
  expect(await (await fetch(`${url}/you`)).text()).toBe("Hello, /you\n");
});

it("a JavaScript app on Koa, mounted", async () => {
  const url = await urlOf(run(inLanguage("js")[2] ?? "", "koa.mjs"));
  expect(await (await fetch(`${url}/hello`)).text()).toBe("Hello from /hello\n");
});

it("a Koa app in Express", async () => {
  const url = await urlOf(run(inLanguage("js")[3] ?? "", "mixed.mjs"));
  expect(await (await fetch(`${url}/blog/a`)).text()).toBe("Koa at /a of /blog/a\n");
});

it("ready() and close()", async () => {
  const [code] = await once(run(inLanguage("js")[4] ?? "", "ready.mjs"), "exit");
  expect(code).toBe(0);
});

it("remote servers behind Express, one of them PHP: what does not need them is answered", async () => {
  const url = await urlOf(run(inLanguage("js")[5] ?? "", "remote.mjs"));
  const addresses = [{ address: "10.0.0.1:9000" }, { address: "10.0.0.2:9000" }];
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ addresses, queue: { length: 0 } });
});

it("an Express app served over FastCGI", async () => {
  const child = run(inLanguage("js")[6] ?? "", "fastcgi.mjs");
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line");
  expect(line).toMatch(/^FastCGI at 127\.0\.0\.1:\d+$/);
  expect((await once(child, "exit"))[0]).toBe(0);
});

it("the validator around a JavaScript app", async () => {
  const url = await urlOf(run(inLanguage("js")[7] ?? "", "validator.mjs"));
  expect(await (await fetch(url)).text()).toBe("hello\n");
});

it("closing with the server: SIGTERM ends the program by itself", async () => {
  const child = run(inLanguage("js")[8] ?? "", "close.mjs");
  const url = await urlOf(child);
  expect(await (await fetch(url)).text()).toBe("The shop is at /");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("channels: each request's end is told", async () => {
  const child = run(inLanguage("js")[9] ?? "", "channels.mjs");
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const { value: port } = (await lines.next()) as { value: string };
  await fetch(`http://127.0.0.1:${port.slice(5)}/nowhere`);
  expect((await lines.next()).value).toMatch(/^\/nowhere in \d+: 404 NOT FOUND after \d+\.\d ms$/);
});

it("TypeScript: compiles under strict settings against what was built", () => {
  const files = inLanguage("ts").map((code, i) => {
    const file = join(folder, `block-${i}.ts`);
    writeFileSync(file, code);
    return file;
  });
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const options =
    "--noEmit --strict --ignoreConfig --module nodenext --target es2023 --types node --skipLibCheck".split(" ");
  execFileSync(tsc, [...options, ...files], { cwd: folder, encoding: "utf8", stdio: "pipe", timeout: 120_000 });
});

it("shell: every npm script that it names is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const named = [...README.matchAll(/npm (?:run )?(demo|test|lint|build|bench|setup)\b/g)].map((match) => match[1]);
  expect(new Set(named).size).toBeGreaterThan(3);
  for (const name of named) expect(scripts).toHaveProperty(String(name));
});

it.each([
  ["fromWsgi", "src/from-wsgi/options.ts"],
  ["pythonApp", "src/python/options.ts"],
  ["remote", "src/remote/options.ts"],
  ["script", "src/remote/script.ts"],
  ["serveFastcgi", "src/servers/fastcgi/options.ts"],
  ["validator", "src/wsgi/validate/options.ts"],
])("the table of %s's options is the one that the comments of %s make", (name, file) => {
  const table = optionsTable(readFileSync(join(ROOT, file), "utf8"));
  expect(README).toContain(`<!-- ${name} options -->\n${table}\n<!-- /${name} options -->`);
});

it("the table of errors names every error class with its code, and no other", async () => {
  const exported = Object.keys(await import("../src/index.ts")).filter((name) => name.endsWith("Error"));
  const abstract = ["BridgeError", "StartError"];
  const rows = [...README.matchAll(/^\| `ERR_\w+` \| `(\w+)`/gm)].map((match) => match[1]);
  expect(rows.toSorted()).toEqual(exported.filter((name) => !abstract.includes(name)).toSorted());
});
