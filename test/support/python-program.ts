/** Runs programs that use the Python half without Node. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensurePython } from "../../scripts/python-env.mjs";

const PACKAGE = fileURLToPath(new URL("../../python", import.meta.url));

/** The call below is synchronous, so vitest cannot time out a test whose program hangs. */
const LIMIT = 60_000;

/** Runs `python` with a file and its arguments, or "-c" and a program. Returns its stdout. Throws if it fails or takes a minute. */
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
