/** Programs for the Python half by itself, without Node's half: what they print. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensurePython } from "../../scripts/python-env.mjs";

const PACKAGE = fileURLToPath(new URL("../../python", import.meta.url));

/** A test that waits for a program cannot time out by itself, so that one which hangs would stop all tests. */
const LIMIT = 60_000;

/** `args` as for `python`: a file and its arguments, or "-c" and the program. Throws when it fails, or takes a minute. */
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
