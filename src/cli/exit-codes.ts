/** The program's exit codes, and which failure has which code. */
import { InterpreterError, OptionError, StartError } from "../errors.ts";
import { SIGNAL_BASE } from "../servers/signals.ts";

/** The exit codes. They are public API; `--help` explains them. */
export const ExitCode = { stopped: 0, crashed: 1, usage: 2, appFailed: 3, cannotListen: 4, noInterpreter: 5 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One row for each code, in order, for `--help`. */
export const EXIT_CODE_MEANINGS: readonly [code: string, meaning: string][] = [
  [`${ExitCode.stopped}`, "stopped by SIGINT or SIGTERM"],
  [`${ExitCode.crashed}`, "crashed: an error inside wsgi-bridge, shown with its stack"],
  [`${ExitCode.usage}`, "usage: an option or the target is wrong"],
  [`${ExitCode.appFailed}`, "the application did not start; its traceback is shown"],
  [
    `${ExitCode.cannotListen}`,
    "the server cannot listen: the port is taken or not allowed, or the address does not exist",
  ],
  [`${ExitCode.noInterpreter}`, "the Python interpreter was not found, or ended before it had loaded the application"],
  [`${SIGNAL_BASE}+n`, "ended at once by a second signal; n is its number"],
];

/** The server could not listen. The message says what to do; `cause` is Node's error. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** InterpreterError comes first, because it is a StartError too. */
const BY_CLASS: readonly [kind: abstract new (...args: never[]) => Error, code: ExitCode][] = [
  [InterpreterError, ExitCode.noInterpreter],
  [StartError, ExitCode.appFailed],
  [ListenError, ExitCode.cannotListen],
  [OptionError, ExitCode.usage],
];

/** Returns the code of a failure that the user can fix, or undefined for any other, which is a crash. */
export function exitCodeOf(failure: unknown): ExitCode | undefined {
  return BY_CLASS.find(([kind]) => failure instanceof kind)?.[1];
}
