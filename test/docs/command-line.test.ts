/** docs/command-line.md: its commands are run, and its options and exit codes are those of the program. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { EXIT_CODE_MEANINGS } from "../../src/cli/exit-codes.ts";
import { checkTarget } from "../../src/python/target.ts";
import { raw } from "../support/server.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const SHOP = `import json, os, sys, time

print("loaded", os.environ.get("DATABASE_URL"))


def app(environ, start_response):
    if environ["PATH_INFO"] == "/wait":
        print("waiting")
        time.sleep(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/environment":
        return [json.dumps(dict(os.environ)).encode()]
    if environ["PATH_INFO"] == "/threads":
        return [str(environ["wsgi.multithread"]).encode()]
    return [("The shop is at " + (environ["SCRIPT_NAME"] or "/")).encode()]


def create_app():
    return app
`;

const page = new Page("docs/command-line.md");
const workspace = new Workspace({ "legacy/shop.py": SHOP });
mkdirSync(join(workspace.folder, "node_modules/.bin"), { recursive: true });
// npm makes the file executable when it installs it.
const LAUNCHER = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
writeFileSync(join(workspace.folder, "node_modules/.bin/wsgi-bridge"), LAUNCHER, { mode: 0o755 });

interface Command {
  readonly process: ChildProcess;
  readonly stdout: string[];
  readonly stderr: string[];
  /** Resolves with the first line that fits; rejects if the command ends without it. */
  said(pattern: RegExp): Promise<string>;
  /** The exit code, once all output is read. */
  ended(): Promise<number | null>;
  /** To the shell, npx and the program, as a terminal or systemd does it. */
  signal(name: NodeJS.Signals): void;
}

/** Runs a block as a shell does; the port is one of the system's choice. */
function command(code: string, env: NodeJS.ProcessEnv = {}): Command {
  const onAnyPort = code.replace("--port 8000", "--port 0").replace("PORT=8080", "PORT=0");
  const child = spawn("sh", ["-ec", onAnyPort], {
    cwd: workspace.folder,
    env: { ...workspace.env, PORT: "0", npm_config_offline: "true", npm_config_update_notifier: "false", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const closed = once(child, "close");
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waiting = new Set<() => void>();
  for (const [input, lines] of [
    [child.stdout, stdout],
    [child.stderr, stderr],
  ] as const) {
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid as number), name);
    } catch {} // all of them have ended
  };
  onTestFinished(async () => {
    signal("SIGKILL");
    await closed;
  });
  return {
    process: child,
    stdout,
    stderr,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = [...stdout, ...stderr].find((one) => pattern.test(one));
          if (line !== undefined) resolve(line);
        };
        waiting.add(look);
        closed.then(() => {
          look();
          reject(new Error(`it never said ${pattern}:\n${[...stdout, ...stderr].join("\n")}`));
        });
        look();
      }),
    ended: async () => {
      await closed;
      return child.exitCode;
    },
    signal,
  };
}

async function urlOf(running: Command): Promise<string> {
  const url = /http:\/\/\S+/.exec(await running.said(/^Serving /))?.[0] ?? "";
  return url.replace("0.0.0.0", "127.0.0.1");
}

/** The cells of the table whose first heading is `heading`. */
function table(of: Page, heading: string): string[][] {
  const [, rows = ""] = new RegExp(`^\\| ${heading} \\|.*\\n\\|[ |-]+\\n((?:\\|.*\\n)+)`, "m").exec(of.text) ?? [];
  return rows
    .trim()
    .split("\n")
    .map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

const run = promisify(execFile);

it("the first example serves, logs and prints what the page shows", async () => {
  const [install, ...serve] = page.take("sh", "npm install").split("\n");
  const { name } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { name: string };
  expect(install).toBe(`npm install ${name}`);
  symlinkSync(join(ROOT, ".venv"), join(workspace.folder, "legacy/.venv"));
  onTestFinished(() => rmSync(join(workspace.folder, "legacy/.venv")));
  const program = command(serve.join("\n"));
  const url = await urlOf(program);
  expect(await (await fetch(url, { headers: { "user-agent": "curl/7.88.1" } })).text()).toBe("The shop is at /");
  await program.said(/GET/);
  const withoutChance = (line: string): string =>
    line
      .replace(/:\d{4,5} /, ":PORT ")
      .replace(/\d+\/\w+\/[\d:]+/, "DATE")
      .replace(/bridge [\d.]+/, "bridge VERSION");
  const shown = page.take("text", "Serving").trim().split("\n");
  const said = program.stdout.filter((line) => !line.startsWith("loaded"));
  expect(said.map(withoutChance)).toEqual(shown.map(withoutChance));
  program.signal("SIGTERM");
  await program.said(/^Stopping /);
});

it("the program has the usage that the page shows", async () => {
  const [serve, help, version] = page.take("text", "[options]").trim().split("\n");
  expect((await run(process.execPath, [MAIN, "serve", "--help"])).stdout).toContain(`Usage: ${serve}\n`);
  expect(help).toBe("wsgi-bridge serve --help");
  expect(version).toBe("wsgi-bridge --version");
  expect((await run(process.execPath, [MAIN, "--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

/** What `--help` says of an option. */
interface Explained {
  readonly flags: string;
  readonly fallback: string | undefined;
  readonly variable: string | undefined;
}

function explained(help: string): Explained[] {
  const [, options = ""] = /^Options:\n([\s\S]*?)\n\n/m.exec(help) ?? [];
  return options.split(/\n(?= {2}-)/).map((entry) => {
    const [, flags = "", meaning = ""] = /^ *(\S.*?) {2,}([\s\S]*)$/.exec(entry) ?? [];
    const [, fallback, variable] = /\(default: (.*?)(?:, env: (\w+))?\)/.exec(meaning.replace(/\s+/g, " ")) ?? [];
    return { flags, fallback: fallback?.replaceAll('"', ""), variable };
  });
}

it("the table of options has every option of the program's help, with its default, and no other", async () => {
  const options = explained((await run(process.execPath, [MAIN, "serve", "--help"])).stdout);
  const documented = table(page, "option").map(([flags = "", fallback = ""]) => ({
    flags: flags.replaceAll("`", ""),
    fallback: fallback.replaceAll("`", ""),
  }));
  expect(documented.map(({ flags }) => flags)).toEqual(options.map(({ flags }) => flags));
  for (const [i, { flags, fallback, variable }] of options.entries()) {
    const said = documented[i]?.fallback;
    if (flags.startsWith("--directory"))
      expect([said, fallback?.slice(0, 11)]).toEqual(["the current folder", "the current"]);
    else if (variable !== undefined) expect(said).toBe(`${variable}, else ${fallback}`);
    else if (fallback === "false") expect(said).toBe("off");
    else if (fallback === undefined) expect(said).toMatch(/^(see below)?$/);
    else expect(said).toBe(fallback);
  }
});

it("the targets are those of the page of Python apps, and all of them can be written", () => {
  const targets = (of: Page): string[] =>
    table(of, "target").flatMap(([cell = ""]) =>
      [...cell.matchAll(/`"?([^`"]+)"?`/g)].map(([, target = ""]) => checkTarget(target)),
    );
  expect(targets(page).length).toBeGreaterThan(6);
  expect(targets(page).toSorted()).toEqual(targets(new Page("docs/python-apps.md")).toSorted());
});

it("the app gets the whole environment, and Node's options come from NODE_OPTIONS", async () => {
  const [, , , , , options] = table(page, "variable").map(([name]) => name);
  expect(options).toBe("`NODE_OPTIONS`");
  const [, flag = ""] = /`(--max-http-header-size=\d+)`/.exec(page.text) ?? [];
  const program = command("npx wsgi-bridge serve shop:app --directory ./legacy --processes 1", {
    NODE_OPTIONS: flag,
    SHOP_SECRET: "1",
  });
  const answer = await fetch(`${await urlOf(program)}/environment`, { headers: { "x-long": "x".repeat(20_000) } });
  expect(await answer.json()).toMatchObject({ SHOP_SECRET: "1", PORT: "0" });
});

it("an empty PORT is an error", async () => {
  expect(await command("npx wsgi-bridge serve shop:app", { PORT: "" }).ended()).toBe(2);
});

it("the file that npm installed is run by its path", async () => {
  const program = command(
    `exec ${page.take("sh", "./node_modules/.bin/wsgi-bridge serve shop:app --directory ./legacy\n")}`,
  );
  const url = await urlOf(program);
  expect((await fetch(url)).status).toBe(200);
  process.kill(program.process.pid as number, "SIGTERM"); // to it alone: no shell and no npx in between
  expect(await program.ended()).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

it("a second signal ends everything at once, with the exit code that the page names", async () => {
  const [[, second = ""] = []] = table(page, "signal").slice(1);
  const program = command("exec ./node_modules/.bin/wsgi-bridge serve shop:app --directory ./legacy --processes 1");
  const cut = fetch(`${await urlOf(program)}/wait`).catch(() => "cut");
  await program.said(/^waiting$/);
  const alone = program.process.pid as number;
  process.kill(alone, "SIGTERM");
  await program.said(/^Stopping /);
  process.kill(alone, "SIGINT");
  expect(await cut).toBe("cut");
  expect(second).toContain(`Exit code 143 or ${await program.ended()}`);
});

it.each([
  ["SIGTERM", 0],
  ["--help", 0],
  ["--nonsense", 2],
  ["a target that is none", 2],
  ["an app that is not there", 3],
  ["a port that is taken", 4],
  ["an interpreter that is not there", 5],
] as const)("%s: the exit code is %i, and the page has it", async (which, code) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const usual = "shop:app --directory ./legacy --processes 1";
  const args = {
    SIGTERM: usual,
    "--help": "--help",
    "--nonsense": `${usual} --nonsense`,
    "a target that is none": "shop:",
    "an app that is not there": "nothing:app --directory ./legacy",
    "a port that is taken": `${usual} --port ${(taken.address() as AddressInfo).port}`,
    "an interpreter that is not there": `${usual} --python ./no-python`,
  }[which];
  const program = command(`exec ./node_modules/.bin/wsgi-bridge serve ${args}`);
  if (which === "SIGTERM") {
    await urlOf(program);
    program.signal("SIGTERM");
  }
  expect(await program.ended()).toBe(code);
  if (code !== 0) expect(program.stderr.filter((line) => line.startsWith("wsgi-bridge: "))).toHaveLength(1);
  expect(table(page, "code").map(([each]) => each)).toContain(String(code));
});

it("the table of exit codes has those of the program", () => {
  expect(table(page, "code").map(([code]) => code)).toEqual(EXIT_CODE_MEANINGS.map(([code]) => code));
});

it("development: changed code is served", async () => {
  const program = command(page.take("sh", "--reload"));
  const url = await urlOf(program);
  expect(await (await fetch(url)).text()).toBe("The shop is at /");
  onTestFinished(() => void workspace.write("legacy/shop.py", SHOP));
  const answer = async (): Promise<string> => {
    workspace.write("legacy/shop.py", SHOP.replace("The shop", "Another shop")); // again, should the watch have begun late
    return (await fetch(url)).text();
  };
  await expect.poll(answer, { interval: 1000, timeout: 15_000 }).toBe("Another shop is at /");
  await program.said(/the new code is running/);
});

it("a platform's PORT, on all addresses, with an access log", async () => {
  const program = command(page.take("sh", "PORT=8080"), { PORT: undefined });
  const url = await urlOf(program);
  expect(program.stdout.join("\n")).toContain("http://0.0.0.0:");
  expect((await fetch(url)).status).toBe(200);
  await program.said(/"GET \/ HTTP\/1\.1" 200 16 /);
});

it("an app that is not thread-safe: one thread for each process", async () => {
  const program = command(page.take("sh", "--threads 1"));
  expect(await (await fetch(`${await urlOf(program)}/threads`)).text()).toBe("False");
  expect(program.stdout.join("\n")).toContain("4 processes of 1 thread)");
});

it("behind a proxy: the mount path, and a proxy that is not in the list", async () => {
  const program = command(page.take("sh", "--root-path"));
  const url = await urlOf(program);
  expect(await (await fetch(`${url}/shop/`)).text()).toBe("The shop is at /shop");
  expect((await fetch(`${url}/other`)).status).toBe(404);
});

it("a factory, and a variable for the app", async () => {
  const program = command(page.take("sh", "create_app()"));
  expect((await fetch(await urlOf(program))).status).toBe(200);
  expect(program.stdout).toContain("loaded sqlite:///shop.db");
});

it("the same in JavaScript, with limits", async () => {
  const program = workspace.run(page.take("js"));
  const url = await program.url();
  expect(await (await fetch(url)).text()).toBe("The shop is at /");
  const tooLong = `POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: ${10 * 1024 * 1024 + 1}\r\n\r\n`;
  expect((await raw(Number(new URL(url).port), tooLong)).head).toMatch(/^HTTP\/1\.1 413 /);
  program.process.kill("SIGTERM");
  expect(await once(program.process, "exit")).toEqual([0, null]);
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
