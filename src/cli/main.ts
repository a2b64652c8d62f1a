#!/usr/bin/env node
/** The program `wsgi-bridge`. Knows how a run becomes an exit code; the commands are elsewhere. */
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { createProgram } from "./arguments.ts";
import { ExitCode, exitCodeOf } from "./exit-codes.ts";
import { serve } from "./serve.ts";

/** The same place seen from `src` and from `dist`. */
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

// Not left to the loop: no timer that is left over may hold up the end.
void run().then((code) => process.exit(code));
