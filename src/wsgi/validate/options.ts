/** What `validator` can be told, and what holds when it is told nothing. */
import { OptionError } from "../../errors.ts";
import { checkOptionNames } from "../known-options.ts";
import type { ValidationWarning } from "./validation-error.ts";

export interface ValidatorOptions {
  /**
   * Is told of what works here and may not work everywhere, and of results that were never closed. Throw in it to make
   * warnings errors; not for VAL-27, which comes when nobody is left to catch.
   *
   * @default `process.emitWarning`, of the type WsgiWarning, with codes such as WSGI_VAL_05
   */
  warn?: ((warning: ValidationWarning) => void) | undefined;
  /**
   * Whether a response with a body must have a Content-Type (VAL-23), as `wsgiref.validate` demands. Turn it off for
   * apps that leave it out on purpose: HTTP recommends it only.
   *
   * @default true
   */
  requireContentType?: boolean | undefined;
}

/** The options, resolved. */
export interface ValidatorSettings {
  readonly warn: (warning: ValidationWarning) => void;
  readonly requireContentType: boolean;
}

const OPTIONS: Readonly<Record<keyof ValidatorOptions, true>> = {
  warn: true,
  requireContentType: true,
};

/** @throws OptionError that names the option */
export function resolveSettings(options: ValidatorOptions): ValidatorSettings {
  checkOptionNames("validator", options, OPTIONS);
  const { warn = emitWarning, requireContentType = true } = options;
  if (typeof warn !== "function") throw new OptionError("warn must be a function");
  if (typeof requireContentType !== "boolean") throw new OptionError("requireContentType must be true or false");
  return { warn, requireContentType };
}

/** A code for each rule, so that `node --disable-warning=WSGI_VAL_05` silences one. */
function emitWarning({ rule, message }: ValidationWarning): void {
  process.emitWarning(message, { type: "WsgiWarning", code: `WSGI_${rule.replace("-", "_")}` });
}
