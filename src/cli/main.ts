#!/usr/bin/env node
/** The program `wsgi-bridge`. Turns the result of a command into an exit code. */
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { createProgram } from "./arguments.ts";
import { ExitCode, exitCodeOf } from "./exit-codes.ts";
import { serve } from "./serve.ts";

/** The path is the same from `src` and from `dist`. */
const PACKAGE: URL = new URL("../../package.json", import.meta.url);

async function run(): Promise<ExitCode> {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  try {
    await createProgram(version, (args) => serve(args, version)).parseAsync();
    return ExitCode.stopped;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.stopped : ExitCode.usage;
    const code = exitCodeOf(error);
    if (code === undefined) throw error; // Node shows it with its stack, and exits with 1
    console.error(`wsgi-bridge: ${(error as Error).message}`);
    return code;
  }
}

// Does not wait for the event loop to become empty: a leftover timer must not delay the end.
void run().then((code) => process.exit(code));
