/** Sends a row's requests to one server and returns the responses. Knows sockets and bytes; knows no framework. */
import type { RequestListener } from "node:http";
import { parseAnswers } from "../../conformance/parser.ts";
import { listen, raw } from "../../support/server.ts";
import type { Answer, Log, Mask, Step } from "./types.ts";

/** The responses that the client gets, and the lines of the log. */
export interface Outcome {
  readonly answers: readonly Answer[];
  readonly log: readonly string[];
}

/** The part of a row that concerns the client. */
export interface Script {
  readonly steps: readonly Step[];
  readonly lines?: number | undefined;
  readonly masks?: readonly Mask[] | undefined;
}

/** Serves the app that `build` makes on its own port, and sends all requests. */
export async function play(build: (log: Log) => Promise<RequestListener>, script: Script): Promise<Outcome> {
  const log = new LineLog();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // frameworks send stacks for errors, and the stacks of the two sides differ
  try {
    const server = await listen(await build(log.write));
    try {
      const answers = await converse(server.port, script.steps);
      await log.reached(script.lines ?? 0);
      return masked({ answers, log: log.lines }, script.masks ?? []);
    } finally {
      await server.close();
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function converse(port: number, steps: readonly Step[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [, request] of steps) {
    const text = typeof request === "string" ? request : request(answers);
    const answer = await raw(port, text);
    const method = text.slice(0, text.indexOf(" "));
    const parsed = parseAnswers(answer.text, { method, reset: answer.reset });
    answers.push(
      ...parsed.map(({ status, reason, interim, headers, body, broken }) => {
        return { status, reason: reason ?? "", interim, headers: headers.map(comparable).sort(), body, broken };
      }),
    );
  }
  return answers;
}

function comparable([name, value]: readonly [string, string]): string {
  const key = name.toLowerCase();
  return key === "date" ? "date: *" : `${key}: ${value}`;
}

function masked({ answers, log }: Outcome, masks: readonly Mask[]): Outcome {
  const mask = (text: string): string => masks.reduce((so, { pattern }) => so.replaceAll(pattern, "*"), text);
  return {
    answers: answers.map((answer) => ({ ...answer, headers: answer.headers.map(mask), body: mask(answer.body) })),
    log: log.map(mask),
  };
}

/** A log whose reader can wait for a number of lines, because lines may come after the last byte of a response. */
class LineLog {
  readonly lines: string[] = [];
  #wanted = 0;
  #enough: () => void = () => undefined;

  write = (line: string): void => {
    this.lines.push(line);
    if (this.lines.length >= this.#wanted) this.#enough();
  };

  reached(count: number): Promise<void> {
    this.#wanted = count;
    if (this.lines.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#enough = resolve;
    });
  }
}

/** The responses that differ from what the script expects; empty if there are none. */
export function astray({ answers }: Outcome, steps: readonly Step[]): string[] {
  const faults = answers.length === steps.length ? [] : [`${answers.length} answers to ${steps.length} requests`];
  for (const [index, [status, , shows]] of steps.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    const text = `${answer.status} ${answer.reason}\n${answer.headers.join("\n")}\n\n${answer.body}`;
    if (answer.status !== status) faults.push(`answer ${index}: ${answer.status}, not ${status}\n${text}`);
    if (shows !== undefined && !shows.test(text)) faults.push(`answer ${index} does not show ${shows}\n${text}`);
  }
  return faults;
}
