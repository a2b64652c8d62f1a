/** Reads the tables of calls in doc comments as rows for `it.each`, so that tests run exactly what the comments show. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** One line of a comment: `name(arguments)  → result`. */
export interface DocRow {
  readonly call: string;
  readonly args: readonly unknown[];
  /** The text after the arrow: a value, a value with `…` for parts left out, or an error class followed by `: why`. */
  readonly result: string;
}

/** @throws if the file shows no call of that name, so that a missing or renamed table is noticed */
export function docTable(file: string, name: string): DocRow[] {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const pattern = new RegExp(`^ *\\* +(${name}\\((.*)\\)) +→ (.*)$`, "gm");
  const rows = [...source.matchAll(pattern)].map(([, call, args, result]) => ({
    call: call as string,
    args: evaluate(`[${args}]`) as unknown[],
    result: result as string,
  }));
  if (rows.length === 0) throw new Error(`${file} has no table of calls of ${name}()`);
  return rows;
}

/** Makes the call and compares the result with the comment. */
export function expectDocRow<Args extends never[]>(run: (...args: Args) => unknown, { args, result }: DocRow): void {
  const call = (): unknown => run(...(args as Args));
  const error = /^(\w+Error)\b/.exec(result)?.[1];
  if (error !== undefined) expect(call).toThrow(expect.objectContaining({ name: error }));
  else if (result.includes("…")) expect(call()).toMatchObject(evaluate(result.replace(/,? …/, "")) as object);
  else expect(call()).toEqual(evaluate(result));
}

/** Evaluates the arguments and the result, which the comments write in JavaScript. */
function evaluate(text: string): unknown {
  return new Function(`return (${text});`)();
}
