/** What an app may give to `startResponse`. Knows heads; knows nothing of order and of bodies. */
import { show } from "./show.ts";
import { appBroke, type Warnings } from "./validation-error.ts";

/** What a head says of the body that follows. */
export interface CheckedHead {
  readonly code: number;
  /** By Content-Length, in bytes. */
  readonly declared: number | undefined;
}

/** What a head is judged by, beside itself. */
export interface HeadContext {
  /** The request's. */
  readonly method: string;
  readonly requireContentType: boolean;
  readonly warnings: Warnings;
}

/** @throws ValidationError for the first rule that the app broke */
export function checkHead(status: unknown, headers: unknown, context: HeadContext): CheckedHead {
  const code = checkStatus(status, context.warnings);
  const pairs = checkPairs(headers);
  for (const [name, value] of pairs) checkField(name, value, context.warnings);
  const declared = checkLength(pairs, code);
  checkContentType(pairs, code, context);
  return { code, declared };
}

/** @throws ValidationError */
export function checkExcInfo(excInfo: unknown): void {
  if (excInfo === undefined || excInfo === null || isError(excInfo)) return;
  if (Array.isArray(excInfo) && excInfo.length === 3) return;
  throw appBroke("VAL-24", `excInfo is ${show(excInfo)}`, "Pass the Error that was caught, or nothing.");
}

/** An error of another realm is no `instanceof` of this one's. */
function isError(value: unknown): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** A final status, one blank, and a reason of latin-1 without control characters, which may be empty. */
const STATUS = /^([2-9][0-9][0-9]) ([\x20-\x7e\x80-\xff]*)$/;

function checkStatus(status: unknown, warnings: Warnings): number {
  const match = typeof status === "string" ? STATUS.exec(status) : null;
  if (match === null) {
    throw appBroke("VAL-18", `the status is ${show(status)}`, 'Pass "DDD reason", 200 to 999, such as "200 OK".');
  }
  const reason = match[2] as string;
  if (reason.startsWith(" ") || reason.endsWith(" ")) {
    warnings.app(
      "VAL-18",
      `the status is ${show(status)}`,
      "Put one blank between code and reason, and none elsewhere.",
    );
  }
  return Number(match[1]);
}

type Pair = readonly [name: string, value: string];

function checkPairs(headers: unknown): readonly Pair[] {
  if (!Array.isArray(headers)) {
    throw appBroke("VAL-19", `the headers are ${show(headers)}`, "Pass an array of [name, value] arrays, [] for none.");
  }
  for (const pair of headers as unknown[]) {
    const fits = Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
    if (!fits) throw appBroke("VAL-19", `a header is ${describePair(pair)}`, "Make it [name, value], both strings.");
  }
  return headers as Pair[];
}

/** By type: its value may be a secret. */
function describePair(pair: unknown): string {
  if (!Array.isArray(pair)) return typeof pair === "string" ? "a string" : show(pair);
  if (pair.length !== 2) return `an array of ${pair.length}`;
  return `[${pair.map((part) => `a ${typeof part}`).join(", ")}]`;
}

const NAME = /^[a-z](?:[a-z0-9_-]*[a-z0-9])?$/i;
/** Characters that are no byte, and control characters; the tab is judged apart. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
]);

/** A value stands in no message: it may be a session cookie, and messages go to logs. */
function checkField(name: string, value: string, warnings: Warnings): void {
  const lower = name.toLowerCase();
  if (lower === "status")
    throw appBroke("VAL-20", "there is a header Status", "Pass it as startResponse's first argument.");
  if (!NAME.test(name)) {
    throw appBroke(
      "VAL-21",
      `a header is named ${show(name)}`,
      "Name it with letters, digits, - and _, ending with a letter or digit.",
    );
  }
  if (HOP_BY_HOP.has(lower)) {
    throw appBroke("VAL-32:hop-by-hop", `there is a header ${name}`, "Leave it out: the connection is the server's.");
  }
  const wrong = BAD_VALUE.exec(value);
  if (wrong !== null) {
    throw appBroke(
      "VAL-22",
      `the value of ${name} has the character ${show(wrong[0])}`,
      "Encode it: only bytes as latin-1 can be sent.",
    );
  }
  if (value.includes("\t")) {
    warnings.app(
      "VAL-22",
      `the value of ${name} has a tab`,
      "Put a blank: PEP 3333 forbids tabs, and other servers refuse them.",
    );
  }
}

function checkLength(pairs: readonly Pair[], code: number): number | undefined {
  const [first, second] = pairs.filter(([name]) => name.toLowerCase() === "content-length");
  if (first === undefined) return undefined;
  if (second !== undefined) {
    throw appBroke("VAL-32:content-length", "Content-Length is given twice", "Give it once.");
  }
  const declared = /^[0-9]+$/.test(first[1]) ? Number(first[1]) : Number.NaN;
  if (!Number.isSafeInteger(declared)) {
    throw appBroke(
      "VAL-32:content-length",
      `Content-Length is ${show(first[1])}`,
      "Give the body's bytes in decimal digits.",
    );
  }
  if (code === 204 || (code === 205 && declared > 0)) {
    throw appBroke(
      "VAL-32:content-length",
      `a ${code} has Content-Length ${declared}`,
      "Leave it out: it has no body.",
    );
  }
  return declared;
}

function checkContentType(pairs: readonly Pair[], code: number, { method, requireContentType }: HeadContext): void {
  const there = pairs.some(([name]) => name.toLowerCase() === "content-type");
  if (code === 204 || code === 304) {
    if (there) throw appBroke("VAL-23", `a ${code} has a Content-Type`, "Leave it out: there is no content.");
  } else if (!there && requireContentType && code !== 205 && method !== "HEAD") {
    throw appBroke("VAL-23", `a ${code} has no Content-Type`, "Add it; or set requireContentType to false.");
  }
}
