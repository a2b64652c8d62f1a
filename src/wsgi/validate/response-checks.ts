/** Checks the arguments of `startResponse`. Knows response heads; does not know the order of calls or the body. */
import { show } from "./show.ts";
import { appError, type Warnings } from "./validation-error.ts";

/** The part of a head that matters for the body. */
export interface CheckedHead {
  readonly code: number;
  /** The Content-Length, in bytes. */
  readonly declared: number | undefined;
}

/** What the checks need besides the head. */
export interface HeadContext {
  /** The request's method. */
  readonly method: string;
  readonly requireContentType: boolean;
  readonly warnings: Warnings;
}

/**
 * Checks a status and headers.
 *
 * @throws ValidationError for the first rule that the app breaks
 */
export function checkHead(status: unknown, headers: unknown, context: HeadContext): CheckedHead {
  const code = checkStatus(status, context.warnings);
  const pairs = checkPairs(headers);
  for (const [name, value] of pairs) checkField(name, value, context.warnings);
  const declared = checkLength(pairs, code);
  checkContentType(pairs, code, context);
  return { code, declared };
}

/** @throws ValidationError if excInfo is neither an error nor Python's triple */
export function checkExcInfo(excInfo: unknown): void {
  if (excInfo === undefined || excInfo === null || isError(excInfo)) return;
  if (Array.isArray(excInfo) && excInfo.length === 3) return;
  throw appError("VAL-24", `excInfo is ${show(excInfo)}`, "Pass the caught Error, or nothing.");
}

/** True for an error, even from another realm (`node:vm`), which `instanceof` does not recognise. */
function isError(value: unknown): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** A status of 200 to 999, one space, and a reason in latin-1 without control characters. The reason may be empty. */
const STATUS = /^([2-9][0-9][0-9]) ([\x20-\x7e\x80-\xff]*)$/;

function checkStatus(status: unknown, warnings: Warnings): number {
  const match = typeof status === "string" ? STATUS.exec(status) : null;
  if (match === null) {
    throw appError("VAL-18", `the status is ${show(status)}`, 'Pass "DDD reason", 200 to 999, such as "200 OK".');
  }
  const reason = match[2] as string;
  if (reason.startsWith(" ") || reason.endsWith(" ")) {
    warnings.app(
      "VAL-18",
      `the status is ${show(status)}`,
      "Put one space between code and reason, and no other space around the reason.",
    );
  }
  return Number(match[1]);
}

type Pair = readonly [name: string, value: string];

function checkPairs(headers: unknown): readonly Pair[] {
  if (!Array.isArray(headers)) {
    throw appError(
      "VAL-19",
      `the headers are ${show(headers)}`,
      "Pass an array of [name, value] arrays, or [] for no headers.",
    );
  }
  for (const pair of headers as unknown[]) {
    const fits = Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
    if (!fits) throw appError("VAL-19", `a header is ${describePair(pair)}`, "Make it [name, value], both strings.");
  }
  return headers as Pair[];
}

/** Describes a header by its types: its value may be a secret. */
function describePair(pair: unknown): string {
  if (!Array.isArray(pair)) return typeof pair === "string" ? "a string" : show(pair);
  if (pair.length !== 2) return `an array of ${pair.length}`;
  return `[${pair.map((part) => `a ${typeof part}`).join(", ")}]`;
}

const NAME = /^[a-z](?:[a-z0-9_-]*[a-z0-9])?$/i;
/** Characters above U+00FF, and control characters except the tab, which is checked separately. */
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

/** Messages do not show values: a value may be a session cookie, and messages go to logs. */
function checkField(name: string, value: string, warnings: Warnings): void {
  const lower = name.toLowerCase();
  if (lower === "status")
    throw appError("VAL-20", "there is a header Status", "Pass it as startResponse's first argument.");
  if (!NAME.test(name)) {
    throw appError(
      "VAL-21",
      `a header is named ${show(name)}`,
      "Name it with letters, digits, - and _, ending with a letter or digit.",
    );
  }
  if (HOP_BY_HOP.has(lower)) {
    throw appError(
      "VAL-32:hop-by-hop",
      `there is a header ${name}`,
      "Leave it out: only the server manages the connection.",
    );
  }
  const wrong = BAD_VALUE.exec(value);
  if (wrong !== null) {
    throw appError(
      "VAL-22",
      `the value of ${name} contains the character ${show(wrong[0])}`,
      "Encode it as bytes in latin-1, without control characters.",
    );
  }
  if (value.includes("\t")) {
    warnings.app(
      "VAL-22",
      `the value of ${name} contains a tab`,
      "Use a space: PEP 3333 forbids tabs, and other servers reject them.",
    );
  }
}

function checkLength(pairs: readonly Pair[], code: number): number | undefined {
  const [first, second] = pairs.filter(([name]) => name.toLowerCase() === "content-length");
  if (first === undefined) return undefined;
  if (second !== undefined) {
    throw appError("VAL-32:content-length", "Content-Length is given twice", "Pass it once.");
  }
  const declared = /^[0-9]+$/.test(first[1]) ? Number(first[1]) : Number.NaN;
  if (!Number.isSafeInteger(declared)) {
    throw appError(
      "VAL-32:content-length",
      `Content-Length is ${show(first[1])}`,
      "Pass the number of bytes of the body, in decimal digits.",
    );
  }
  if (code === 204 || (code === 205 && declared > 0)) {
    throw appError(
      "VAL-32:content-length",
      `a ${code} has Content-Length ${declared}`,
      "Leave it out: the response has no body.",
    );
  }
  return declared;
}

function checkContentType(pairs: readonly Pair[], code: number, { method, requireContentType }: HeadContext): void {
  const hasContentType = pairs.some(([name]) => name.toLowerCase() === "content-type");
  if (code === 204 || code === 304) {
    if (hasContentType)
      throw appError("VAL-23", `a ${code} has a Content-Type`, "Leave it out: the response has no body.");
  } else if (!hasContentType && requireContentType && code !== 205 && method !== "HEAD") {
    throw appError("VAL-23", `a ${code} has no Content-Type`, "Add it, or set the option requireContentType to false.");
  }
}
