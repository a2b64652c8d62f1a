/** Adds the keys of the option `environ`. Knows what PEP 3333 allows as a value. */
import { OptionError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";

const NON_LATIN1 = /[^\x00-\xff]/;

/** @throws OptionError for a value that PEP 3333 does not allow in an environ */
export function addExtra(environ: Environ, extra: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(extra)) {
    if (value === undefined || value === null) continue;
    if (!key.includes(".") && (typeof value !== "string" || NON_LATIN1.test(value))) {
      throw new OptionError(
        `environ(request) returned an invalid value for ${key}; it must be a string without characters above U+00FF`,
      );
    }
    environ[key] = value;
  }
}
