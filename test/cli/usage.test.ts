/** Help, version and usage errors of the program. No Python process is started here. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EXIT_CODE_MEANINGS, ExitCode } from "../../src/cli/exit-codes.ts";
import { MAIN, Program, type Surroundings, VERSION } from "./program.ts";

it("begins with a shebang for node", () => {
  expect(readFileSync(MAIN, "utf8").split("\n", 1)).toEqual(["#!/usr/bin/env node"]);
});

it.each([["--version"], ["-V"]])("prints the version for %s; exit code 0", async (option) => {
  const program = new Program([option]);
  expect(await program.ended()).toBe(ExitCode.stopped);
  expect(program.stdout).toEqual([VERSION]);
  expect(program.stderr).toEqual([]);
});

it.each([[["--help"]], [["-h"]]])("prints the help on stdout for %j; exit code 0", async (args) => {
  const program = new Program(args);
  expect(await program.ended()).toBe(ExitCode.stopped);
  expect(program.stdout.join("\n")).toMatch(/^Usage: wsgi-bridge [\s\S]*\bserve\b/);
});

it("explains every option, its default, the signals and every exit code in serve --help", async () => {
  const program = new Program(["serve", "--help"]);
  expect(await program.ended()).toBe(ExitCode.stopped);
  const help = program.stdout.join("\n").replace(/\s+/g, " ");
  for (const option of [
    "host",
    "port",
    "directory",
    "virtualenv",
    "python",
    "processes",
    "threads",
    "forwarded-allow-ips",
    "root-path",
  ]) {
    expect(help).toMatch(new RegExp(`--${option} <\\w+> \\w+`));
  }
  for (const words of ["--access-log write", '"127.0.0.1"', "8000, env: PORT", "default: 1", "default: 4"]) {
    expect(help).toContain(words);
  }
  expect(help).toContain("SIGTERM");
  for (const [code, meaning] of EXIT_CODE_MEANINGS) expect(help).toContain(`${code} ${meaning}`);
});

it("prints the help on stderr without a command; exit code 2", async () => {
  const program = new Program([]);
  expect(await program.ended()).toBe(ExitCode.usage);
  expect(program.stdout).toEqual([]);
  expect(program.stderr[0]).toMatch(/^Usage: /);
});

const MISTAKES: [args: string[], says: RegExp, surroundings?: Surroundings][] = [
  [["sreve", "till:app"], /unknown command 'sreve' \(Did you mean serve\?\)/],
  [["serve"], /missing required argument 'target'/],
  [["serve", "till:app", "till:other"], /too many arguments/],
  [["serve", "till:app", "--prot", "1"], /unknown option '--prot' \(Did you mean --port\?\)/],
  [["serve", "till:app", "--port"], /'--port <number>' argument missing/],
  [["serve", "till:app", "--port", "http"], /--port .*'http' is invalid.* from 0 to 65535/],
  [["serve", "till:app", "--port", "65536"], /--port .*'65536' is invalid/],
  [["serve", "till:app", "--port", "-1"], /--port .*'-1' is invalid/],
  [["serve", "till:app", "--port", "80.5"], /--port .*'80.5' is invalid/],
  [["serve", "till:app", "--port", ""], /--port .*'' is invalid/],
  [["serve", "till:app"], /--port .*'http' from env 'PORT' is invalid/, { env: { PORT: "http" } }],
  [["serve", "till:app", "--host", ""], /--host .*must not be empty/],
  [["serve", "till:app", "--threads", "many"], /--threads .*'many' is invalid.*whole number/],
  [["serve", "till:app", "--processes", "1e3"], /--processes .*'1e3' is invalid/],
  [["serve", "till:app", "--forwarded-allow-ips", "proxy"], /--forwarded-allow-ips .*"proxy" is neither an address/],
  [["serve", "till:app"], /env 'FORWARDED_ALLOW_IPS'.*"a" is neither/, { env: { FORWARDED_ALLOW_IPS: "a" } }],
  [["serve", "till:app", "--root-path", "shop"], /--root-path .*begins with a slash/],
  [["serve", "till:app"], /env 'SCRIPT_NAME' is invalid.*begins with a slash/, { env: { SCRIPT_NAME: "/a b" } }],
  [["serve", "till:app", "--port", "0", "--processes", "0"], /processes must be a whole number from 1/],
  [["serve", "till:app", "--port", "0", "--threads", "100000"], /threads must be a whole number from 1/],
  [["serve", "till:app", "--port", "0", "--directory", "/no/such/folder"], /directory .*\/no\/such\/folder/],
  [["serve", "till:app", "--port", "0", "--virtualenv", "/no/such/folder"], /virtualenv .*\/no\/such\/folder/],
  [["serve", "till:app", "--port", "0", "--virtualenv", "/tmp", "--python", "python3"], /python and virtualenv both/],
  [["serve", "a b:app", "--port", "0"], /target .*"a b:app"/],
];

it.each(MISTAKES)(
  "prints one line about the mistake in %j on stderr; exit code 2",
  async (args, says, surroundings) => {
    const program = new Program(args, surroundings);
    expect(await program.ended()).toBe(ExitCode.usage);
    expect(program.stderr).toEqual([expect.stringMatching(/^wsgi-bridge: \S/)]);
    expect(program.stderr[0]).toMatch(says);
    expect(program.stdout).toEqual([]);
  },
);
