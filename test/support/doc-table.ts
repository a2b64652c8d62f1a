/** The tables of calls in doc comments, as rows for `it.each`: what a comment shows is what its test runs. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** One line of a comment: `name(arguments)  → result`. */
export interface DocRow {
  readonly call: string;
  readonly args: readonly unknown[];
  /** As written: a value, a value with `…` for what is not shown, or an error's class and `: why`. */
  readonly result: string;
}

/** @throws when the file shows no call of that name, so that a table that was renamed or lost is seen */
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

/** Makes the call and compares it with what the comment says. */
export function expectDocRow<Args extends never[]>(run: (...args: Args) => unknown, { args, result }: DocRow): void {
  const call = (): unknown => run(...(args as Args));
  const error = /^(\w+Error)\b/.exec(result)?.[1];
  if (error !== undefined) expect(call).toThrow(expect.objectContaining({ name: error }));
  else if (result.includes("…")) expect(call()).toMatchObject(evaluate(result.replace(/,? …/, "")) as object);
  else expect(call()).toEqual(evaluate(result));
}

/** Comments are JavaScript between `(` and `)`, and after the arrow. */
function evaluate(text: string): unknown {
  return new Function(`return (${text});`)();
}
