/** Runs Python programs that use the Python package without Node. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensurePython } from "../../scripts/python-env.mjs";

const PACKAGE = fileURLToPath(new URL("../../python", import.meta.url));

/** Vitest cannot time out a program that hangs, because the call below is synchronous. */
const LIMIT = 60_000;

/** Runs Python with these arguments and returns its stdout. Throws if the program fails or takes longer than a minute. */
export function runPythonProgram(args: readonly string[], input = ""): string {
  return execFileSync(ensurePython(), args, {
    env: { ...process.env, PYTHONPATH: PACKAGE, PYTHONDONTWRITEBYTECODE: "1" },
    input,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: LIMIT,
    killSignal: "SIGKILL",
  });
}
