/** Finds the level that a line of a log names. Knows the formats of Python's loggers; knows no stream. */
import type { Level } from "./log.ts";

/** The names of levels: those of Python's `logging`, of loguru and of structlog. */
const LEVELS: ReadonlyMap<string, Level> = new Map([
  ...["TRACE", "DEBUG", "INFO", "SUCCESS", "NOTICE"].map((name): [string, Level] => [name, "info"]),
  ...["WARN", "WARNING"].map((name): [string, Level] => [name, "warn"]),
  ...["ERROR", "EXCEPTION", "CRITICAL", "FATAL"].map((name): [string, Level] => [name, "error"]),
]);

/** How many characters of a line may contain its level. */
const HEAD = 256;
/** How many words, such as the names of a logger and of a thread, may precede the level. */
const MAX_WORDS = 3;
/** If no punctuation separates the level, it may only follow a time and this many words. */
const MAX_UNMARKED_WORDS = 2;
/** Colors, as `printable()` writes them. */
const COLOR = /\\x1b\[[\d;]*m/g;
/** The parts of a line's head: words, names, dates. */
const WORD = /[\w.$@-]+/g;
const JSON_LEVEL = /"(?:level|levelname|level_name|severity|log\.level)": ?"([A-Za-z]+)"/;
/** An access log of a Python server: host, user, time and the request line. */
const ACCESS = /^\S+ - \S+ \[[^\]]*\] "/;
/** Django's development server. Its level depends on the status. */
const DJANGO_ACCESS = /^\[\d\d\/[A-Z][a-z][a-z]\/\d{4} \d\d:\d\d:\d\d\] "/;

/**
 * Returns the level that a line names, or undefined if it names none.
 *
 *     levelOf("WARNING:root:low stock")                                        → "warn"
 *     levelOf("2026-11-27 10:00:00,123 INFO shop: sold")                       → "info"
 *     levelOf("2026-11-27 10:00:00,123 - shop.stock - DEBUG - sold")           → "info"
 *     levelOf("[2026-11-27 10:00:00 +0000] [123] [CRITICAL] WORKER TIMEOUT")   → "error"
 *     levelOf("2026-11-27 10:00:00 [info     ] sold    item=3")                → "info"
 *     levelOf("[27/Nov/2026 10:00:00] \"GET / HTTP/1.1\" 404 179")             → "warn"
 *     levelOf("an ERROR of the printer")                                       → undefined
 */
export function levelOf(line: string): Level | undefined {
  const head = line.slice(0, HEAD).replace(COLOR, "");
  if (head.startsWith("{")) return LEVELS.get((JSON_LEVEL.exec(line)?.[1] ?? "").toUpperCase());
  if (DJANGO_ACCESS.test(head)) return statusLevel(line);
  if (ACCESS.test(head)) return "info";
  let words = 0;
  for (const { 0: word, index } of head.matchAll(WORD)) {
    const level = levelAt(head, word, index);
    if (level !== undefined && ((words <= MAX_UNMARKED_WORDS && hasTime(head)) || isMarked(head, word, index)))
      return level;
    if (/^[A-Za-z]/.test(word)) words += 1;
    if (words > MAX_WORDS) return undefined;
  }
  return undefined;
}

/** Levels are in upper case, except in brackets (structlog) and after `level=`. */
function levelAt(head: string, word: string, index: number): Level | undefined {
  const level = LEVELS.get(word);
  if (level !== undefined) return level;
  const isNamed =
    (head[index - 1] === "[" && after(head, word, index).startsWith("]")) || /\blevel=$/.test(head.slice(0, index));
  return isNamed ? LEVELS.get(word.toUpperCase()) : undefined;
}

function after(head: string, word: string, index: number): string {
  return head.slice(index + word.length).trimStart();
}

function hasTime(head: string): boolean {
  return /^\[?\d/.test(head);
}

/** True if the word begins the line, or is next to punctuation that separates the fields of a log line. */
function isMarked(head: string, word: string, index: number): boolean {
  const before = head.slice(0, index).trimEnd();
  return before === "" || /(?:[[(<|:=]| -)$/.test(before) || /^(?:[\])>|:]|- )/.test(after(head, word, index));
}

function statusLevel(line: string): Level {
  const status = Number.parseInt(line.slice(line.lastIndexOf('" ') + 2), 10);
  if (status >= 500) return "error";
  return status >= 400 ? "warn" : "info";
}
