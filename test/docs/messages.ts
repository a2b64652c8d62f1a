/** Messages that a page quotes, and what programs really print. Knows texts and patterns; provokes nothing. */
import type { ChildProcess } from "node:child_process";
import { dirname } from "node:path";
import { ensurePython } from "../../scripts/python-env.mjs";
import type { Workspace } from "./program.ts";

/** The messages of a page. Each is to be provoked once; `left` are those that were not. */
export class Messages {
  readonly left: string[];
  readonly #workspace: Workspace;

  /** @param quotes blocks with one message a paragraph */
  constructor(workspace: Workspace, quotes: readonly string[]) {
    this.#workspace = workspace;
    this.left = quotes.flatMap((quote) => quote.trim().split(/\n\s*\n/)).map(oneLine);
  }

  /** The page quotes this message word for word. @returns the quote, on one line */
  expect(real: string): string {
    const said = oneLine(this.#impersonal(real));
    const at = this.left.findIndex((quote) => literally(quote).test(said));
    if (at === -1)
      throw new Error(
        `the page does not quote: ${said}\nIt has, besides those that were provoked: ${this.left.join("\n")}`,
      );
    return this.left.splice(at, 1)[0] as string;
  }

  /** With the paths that the page has. */
  #impersonal(text: string): string {
    return text
      .replaceAll(new RegExp(`${escaped(this.#workspace.folder)}(/case-\\d+)?`, "g"), "/srv/shop")
      .replaceAll(`${dirname(ensurePython())}/`, "/usr/bin/");
  }
}

/** Times, sizes, counts of requests, pids, addresses and the system's codes may differ. `…` stands for any text. */
function literally(quote: string): RegExp {
  const general = escaped(quote)
    .replace(/(\d+\\\.){3}\d+:\d+/g, "[\\d.]+:\\d+")
    .replace(/\d+(?= (ms|s|bytes|requests)\b)|(?<=Python process |address already in use :::)\d+/g, "[\\d.]+")
    .replace(/\\\(E[A-Z]+\\\)/g, "\\(E[A-Z]+\\)")
    .replaceAll("…", ".+");
  return new RegExp(`^${general}$`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The messages in the first column of tables: a code span that fills its cell. */
export function messageCells(text: string, heading: string): string[] {
  const tables = [...text.matchAll(new RegExp(`^\\| ${heading} \\|.*\\n\\|[ -|]+\\n((?:\\|.*\\n)*)`, "gm"))];
  const rows = tables.flatMap(([, body]) => (body as string).trim().split("\n"));
  return rows.map((row) => /^\| `(.+?)` \|/.exec(row)?.[1] ?? row);
}

/** What a program prints. */
export class Heard {
  text = "";
  readonly #child: ChildProcess;
  #news: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (part: string) => {
        this.text += part;
        this.#news();
      });
    }
    child.on("close", () => this.#news());
  }

  /** Resolves with the match, as soon as it was printed. Rejects if the program ends without it. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (isOver && this.#child.stdout?.readableEnded !== false) {
        throw new Error(`the program ended without ${pattern}:\n${this.text}`);
      }
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    }
  }

  /** Of a program that was run by `Workspace`. */
  async url(): Promise<string> {
    return `http://127.0.0.1:${(await this.said(/^port (\d+)$/m))[1]}`;
  }
}

/** The program, with all that its console says on stdout. */
export function loud(code: string): string {
  return `console.error = console.warn = console.log;\n${code}`;
}
