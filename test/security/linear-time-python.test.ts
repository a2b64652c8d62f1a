/** The Python functions that read bytes from Node, apps and clients, with the worst possible input (CONFORMANCE ISO-04). */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MOST } from "../support/growth.ts";
import { runPythonProgram } from "../support/python-program.ts";

const SCRIPT = fileURLToPath(new URL("../support/growth.py", import.meta.url));
/** Milliseconds. Below, other effects than the size dominate. Quadratic time is far above. */
const LEAST = 10;
/** A disturbed measurement is repeated; quadratic time remains quadratic. */
const TRIES = 5;

type Times = Record<string, number[]>;

function measure(): Times {
  return JSON.parse(runPythonProgram([SCRIPT]));
}

function tooLong(times: Times): string[] {
  return Object.keys(times).filter((name) =>
    (times[name] ?? []).some((time, at, all) => at > 0 && time > MOST * Math.max(all[at - 1] as number, LEAST)),
  );
}

it("ISO-04: four times the bytes take at most eight times the time in Python", () => {
  const best = measure();
  for (let tried = 1; tried < TRIES && tooLong(best).length > 0; tried += 1) {
    for (const [name, times] of Object.entries(measure())) {
      best[name] = times.map((time, at) => Math.min(time, best[name]?.[at] ?? time));
    }
  }
  expect(Object.keys(best).length).toBeGreaterThan(15);
  expect(tooLong(best)).toEqual([]);
}, 60_000);
