/** Checks the target string of `pythonApp`. Knows its syntax; knows no Python module. */
import { OptionError } from "../errors.ts";

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const DOTTED = `${NAME}(?:\\.${NAME})*`;
const FILE = String.raw`[^\0]*[^\0/]\.py`;
const TARGET = new RegExp(`^(?:${DOTTED}|${FILE})(?::${DOTTED}(?:\\(\\))?)?$`, "u");

/**
 * Returns the target if its syntax is valid.
 *
 *     checkTarget("shop")                  → "shop"                  the module's `application`, else its `app`
 *     checkTarget("shop:site.app")         → "shop:site.app"         an attribute, which may be nested
 *     checkTarget("shop:create()")         → "shop:create()"         the return value of a factory
 *     checkTarget("old/shop.py")           → "old/shop.py"           a file, in the same three forms
 *     checkTarget("old/shop.py:create()")  → "old/shop.py:create()"
 *
 * @throws OptionError for any other shape
 */
export function checkTarget(target: string): string {
  if (typeof target === "string" && TARGET.test(target)) return target;
  throw new OptionError(
    `pythonApp(target): target must be "module", "module:attribute", "module:factory()", or one of these with "path/to/file.py" instead of the module; got ${JSON.stringify(target)}`,
  );
}
