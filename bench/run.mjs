/**
 * The benchmark: `npm run bench`, or, after a build, `node bench/run.mjs --rounds 3 --group hello --rows gunicorn,http-bridge`.
 *
 * Exit code 0: measured, even if a target is missed, which a busy machine may cause; 1: a failure; 2: an invalid option.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { bench } from "./bench.mjs";
import { benchCalls } from "./calls/run.mjs";
import { OptionError, readOptions, USAGE } from "./options.mjs";
import { report } from "./report.mjs";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Rejects at the first signal. The second signal ends the process, and its children with it. */
const interrupted = new Promise((_, reject) => {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.once(signal, () => reject(Object.assign(new Error(`stopped by ${signal}`), { exitCode })));
  }
});
interrupted.catch(() => {}); // the signal may arrive when nothing waits for it

try {
  const { parts, calls, json, ...settings } = readOptions(process.argv.slice(2));
  const progress = (text) => console.error(text);
  if (parts.length > 0) {
    const result = await bench(parts, settings, { interrupted, progress });
    console.log(`\n${report(result)}\n\nAll rounds: ${relative("", save(result, json))}`);
  }
  if (calls) {
    const { rounds, seconds } = settings;
    console.log(`\n${benchCalls({ rounds, seconds, progress })}`);
  }
} catch (error) {
  console.error(error instanceof OptionError ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = error.exitCode ?? 1;
}

function save(result, file = resultFile(result.date)) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** Returns the default file, in bench/results, which git ignores. */
function resultFile(date) {
  return fileURLToPath(new URL(`results/${date.replaceAll(/[:.]/g, "-")}.json`, import.meta.url));
}
