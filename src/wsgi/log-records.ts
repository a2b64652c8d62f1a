/** Joins the lines of a log to records: a traceback is one record. Knows Python's formats; knows no stream and no logger. */
import type { Level } from "./log.ts";
import { levelOf } from "./log-level.ts";

/**
 * What is held back, and so which lines may continue it:
 *
 *     none        nothing
 *     heading     a line that ends with a colon: it belongs to the traceback that may follow
 *     levelled    a line that names its level, or a warning: indented lines, and the traceback of `logger.exception()`
 *     traceback   a traceback without its last line: everything
 *     message     a whole traceback: the other lines of the exception's message, and its notes
 *     group       the traceback of an exception group, or the stack of `stack_info`: indented lines
 *     gap         a whole traceback and empty lines: the sentence that leads to the next traceback
 *     fatal       faulthandler's report: the stacks of all threads
 */
type Mode = "none" | "heading" | "levelled" | "traceback" | "message" | "group" | "gap" | "fatal";

/** In characters. What exceeds it is written in pieces, so that a traceback without an end cannot fill the memory. */
const MAX_HELD = 64 * 1024;
/** A record is written when no line has come for this time. */
const QUIET_MS = 100;
/** How many times as long an incomplete traceback waits for its rest: a busy machine may suspend the process that writes it. */
const INCOMPLETE = 10;

const TRACEBACK = "Traceback (most recent call last):";
/** Loguru marks the frame that has caught the exception. */
const MARKED = '> File "';
const STACK = "Stack (most recent call last):";
const GROUP = /^\s*\+ Exception Group Traceback \(most recent call last\):/;
const CHAIN =
  /^(?:During handling of the above exception, another|The above exception was the direct cause of the following) exception/;
/** Headings that do not end with a colon, or that end a message before them. */
const HEADING = /^(?:Exception in thread |Exception ignored |--- Logging error ---$)/;
const FATAL = /^(?:Fatal Python error: |(?:Current thread|Thread) 0x[\da-f]+ .{0,99}\(most recent call first\):)/;
const FATAL_REST = /^(?:\s|$|Current thread|Thread 0x|Extension modules: |Python runtime state: |<)/;
/** A line that begins with a time or a level, where the last line of a traceback is expected. */
const LEVELLED = /^(?:[[\d]|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b)/;

export class LogRecords {
  readonly #plain: Level;
  readonly #write: (level: Level, text: string) => void;
  #mode: Mode = "none";
  #level: Level;
  #held: string[] = [];
  #length = 0;
  /** The empty lines that may be the end of the record, or lead to its next part. */
  #gap = 0;
  #timer: NodeJS.Timeout | undefined;
  #quiet = 0;

  /** @param plain the level of lines that name none @param write is called with each record */
  constructor(plain: Level, write: (level: Level, text: string) => void) {
    this.#plain = plain;
    this.#level = plain;
    this.#write = write;
  }

  /** Adds a line. Writes it now unless the next line may belong to it. */
  push(line: string): void {
    const mode = this.#next(line);
    if (mode === "none") {
      this.#release();
      this.#begin(line);
    } else {
      this.#continue(mode, line);
    }
    if (this.#mode !== "none") this.#wait();
  }

  /** Writes what is held back. Called when no more lines will come, or when their time order with other messages matters. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#release();
  }

  /** @returns the mode in which the line continues what is held, or "none" if it does not */
  #next(line: string): Mode {
    switch (this.#mode) {
      case "none":
        return "none";
      case "heading":
        return stackMode(line);
      case "levelled": {
        const mode = stackMode(line);
        // After an info it may be an error of its own, which must not look harmless.
        if (mode !== "none") return this.#level === "info" ? "none" : mode;
        if (line.startsWith(STACK)) return "group";
        return isIndented(line) ? "levelled" : "none";
      }
      case "traceback":
        if (line === "" || isIndented(line) || line.startsWith(TRACEBACK) || line.startsWith(MARKED))
          return "traceback";
        return LEVELLED.test(line) && levelOf(line) !== undefined ? "none" : "message";
      case "message":
        if (line === "") return "gap";
        return GROUP.test(line) || (!isIndented(line) && startsRecord(line)) ? "none" : "message";
      case "group":
        if (line === "") return "gap";
        return isIndented(line) && !GROUP.test(line) ? "group" : "none";
      case "gap":
        if (line === "") return "gap";
        return CHAIN.test(line) ? "traceback" : "none";
      case "fatal":
        return FATAL_REST.test(line) ? "fatal" : "none";
    }
  }

  #continue(mode: Mode, line: string): void {
    if (this.#mode === "heading") this.#level = "error";
    if (mode === "traceback" && GROUP.test(line)) mode = "group";
    this.#mode = mode;
    if (line === "" && mode !== "traceback") {
      this.#gap += 1;
    } else {
      for (; this.#gap > 0; this.#gap -= 1) this.#hold("");
      this.#hold(line);
    }
  }

  #begin(line: string): void {
    const [mode, level] = opening(line);
    if (mode === "none") {
      this.#write(this.#plain, line);
    } else {
      this.#mode = mode;
      this.#level = level ?? this.#plain;
      this.#hold(line);
    }
  }

  #hold(line: string): void {
    this.#held.push(line);
    this.#length += line.length + 1;
    if (this.#length > MAX_HELD) this.#writeHeld();
  }

  #writeHeld(): void {
    const lines = this.#held;
    this.#held = [];
    this.#length = 0;
    if (lines.length > 0) this.#write(this.#level, lines.join("\n"));
  }

  #release(): void {
    this.#mode = "none";
    this.#writeHeld();
    for (; this.#gap > 0; this.#gap -= 1) this.#write(this.#plain, "");
  }

  /** Starts the time after which the record counts as complete. Node waits for it at its exit: it is short. */
  #wait(): void {
    this.#quiet = 0;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#tick(), QUIET_MS);
    else this.#timer.refresh();
  }

  #tick(): void {
    this.#quiet += 1;
    const isIncomplete = this.#mode === "traceback" || this.#mode === "fatal";
    if (this.#mode !== "none" && isIncomplete && this.#quiet < INCOMPLETE) this.#timer?.refresh();
    else this.flush();
  }
}

function isIndented(line: string): boolean {
  return line.startsWith(" ") || line.startsWith("\t");
}

/** Returns the mode of a line that begins a stack. A SyntaxError of a script has no line in front of the place. */
function stackMode(line: string): Mode {
  if (line.startsWith(TRACEBACK) || (line.startsWith('  File "') && line.includes('", line '))) return "traceback";
  return GROUP.test(line) ? "group" : "none";
}

/** Returns the mode and the level of a line that continues nothing. "none": no other line can belong to it. */
function opening(line: string): [mode: Mode, level?: Level] {
  const level = levelOf(line);
  if (level !== undefined) return ["levelled", level];
  const stack = stackMode(line);
  if (stack !== "none") return [stack, "error"];
  if (CHAIN.test(line)) return ["traceback", "error"];
  if (FATAL.test(line)) return ["fatal", "error"];
  if (isWarning(line)) return ["levelled", "warn"];
  return [line.endsWith(":") || HEADING.test(line) ? "heading" : "none"];
}

/** True for a line that cannot belong to the message of the exception before it. */
function startsRecord(line: string): boolean {
  return HEADING.test(line) || !["none", "heading"].includes(opening(line)[0]);
}

/** Recognizes "file.py:3: DeprecationWarning: message", the form of `warnings.warn()`. */
function isWarning(line: string): boolean {
  const at = line.indexOf("Warning: ");
  return at > 0 && at < 1024 && /:\d+: [\w.]*$/.test(line.slice(0, at));
}
