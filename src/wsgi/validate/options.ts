/** The options of `validator`, and their defaults. */
import { OptionError } from "../../errors.ts";
import { checkOptionNames } from "../known-options.ts";
import type { ValidationWarning } from "./validation-error.ts";

export interface ValidatorOptions {
  /**
   * Receives warnings about code that works here but may fail on other servers, and about results that were never closed.
   * Throw an error in it to turn warnings into errors. Do not throw for VAL-27: it is reported during garbage collection,
   * where no code can catch the error.
   *
   * @default `process.emitWarning`, of the type WsgiWarning, with codes such as WSGI_VAL_05
   */
  warn?: ((warning: ValidationWarning) => void) | undefined;
  /**
   * Whether a response with a body must have a Content-Type (VAL-23), as in `wsgiref.validate`. Turn it off for apps that
   * leave it out on purpose: HTTP only recommends it.
   *
   * @default true
   */
  requireContentType?: boolean | undefined;
}

/** The resolved options. */
export interface ValidatorSettings {
  readonly warn: (warning: ValidationWarning) => void;
  readonly requireContentType: boolean;
}

const OPTIONS: Readonly<Record<keyof ValidatorOptions, true>> = {
  warn: true,
  requireContentType: true,
};

/** @throws OptionError that names the invalid option */
export function resolveSettings(options: ValidatorOptions): ValidatorSettings {
  checkOptionNames("validator", options, OPTIONS);
  const { warn = emitWarning, requireContentType = true } = options;
  if (typeof warn !== "function") throw new OptionError("warn must be a function");
  if (typeof requireContentType !== "boolean") throw new OptionError("requireContentType must be true or false");
  return { warn, requireContentType };
}

/** Emits a Node warning. Each rule has its own code, so that `node --disable-warning=WSGI_VAL_05` silences one rule. */
function emitWarning({ rule, message }: ValidationWarning): void {
  process.emitWarning(message, { type: "WsgiWarning", code: `WSGI_${rule.replace("-", "_")}` });
}
