/** What the program's exit code tells its caller. Knows which failure has which code; knows no option and no server. */
import { InterpreterError, OptionError, StartError } from "../errors.ts";
import { SIGNAL_BASE } from "../servers/signals.ts";

/** The exit codes, which are API; `--help` shows the meanings. */
export const ExitCode = { stopped: 0, crashed: 1, usage: 2, appFailed: 3, cannotListen: 4, noInterpreter: 5 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One row for each code, in their order, as `--help` prints them. */
export const EXIT_CODE_MEANINGS: readonly [code: string, meaning: string][] = [
  [`${ExitCode.stopped}`, "stopped by SIGINT or SIGTERM"],
  [`${ExitCode.crashed}`, "crashed: an error inside wsgi-bridge, shown with its stack"],
  [`${ExitCode.usage}`, "usage: an option or the target cannot be used"],
  [`${ExitCode.appFailed}`, "the application does not start; its traceback is shown"],
  [`${ExitCode.cannotListen}`, "the port cannot be had: taken, not allowed, or no such address"],
  [`${ExitCode.noInterpreter}`, "the Python interpreter is not found, or ends before it has loaded the application"],
  [`${SIGNAL_BASE}+n`, "ended at once by a second signal, number n"],
];

/** The server could not listen: the machine's or the caller's fault. The message says what to do; `cause` is Node's error. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** An interpreter that fails is a failed start too, so it comes first. */
const BY_CLASS: readonly [kind: abstract new (...args: never[]) => Error, code: ExitCode][] = [
  [InterpreterError, ExitCode.noInterpreter],
  [StartError, ExitCode.appFailed],
  [ListenError, ExitCode.cannotListen],
  [OptionError, ExitCode.usage],
];

/** The code of a failure that a user can mend; undefined for any other, which is a crash. */
export function exitCodeOf(failure: unknown): ExitCode | undefined {
  return BY_CLASS.find(([kind]) => failure instanceof kind)?.[1];
}
