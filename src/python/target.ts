/** Checks the target string of `pythonApp`. Knows its syntax; knows no Python module. */
import { OptionError } from "../errors.ts";

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const DOTTED = `${NAME}(?:\\.${NAME})*`;
/** Python imports modules by name whose names no `import` statement can have, such as `old-shop`. */
const MODULE = String.raw`[\p{L}_][\p{L}\p{N}_-]*`;
/** A module; a path with a slash; a file name with an extension. An URL is none of these. */
const PLACE: RegExp = new RegExp(
  `^(?:${MODULE}(?:\\.${MODULE})*|(?!\\w+://)[^\\0]*(?:[^\\0/]\\.py|/[^\\0/.][^\\0/]*)|[^\\0/:]*[^\\0/:.]\\.[\\p{L}\\p{N}_]+)$`,
  "u",
);
/** The shortest place, and what follows it. python/wsgi_bridge/target.py splits targets in the same way. */
const SPLIT: RegExp = new RegExp(`^(.*?)(?::${DOTTED}(\\(.*\\))?)?$`, "su");
const PASTE = /^(?:config:)?([^\0#:]*[^\0#:/]\.ini)(?:#[^\0#]+)?$/;

/**
 * Returns the target if its syntax is valid. Python checks that the arguments of a factory are literals.
 *
 *     checkTarget("shop")                     → "shop"                     the module's `application`, else its `app`
 *     checkTarget("shop:site.app")            → "shop:site.app"            an attribute, which may be nested
 *     checkTarget("shop:create('prod')")      → "shop:create('prod')"      the return value of a factory
 *     checkTarget("old/shop.py")              → "old/shop.py"              a file, in the same three forms
 *     checkTarget("site/app.wsgi")            → "site/app.wsgi"            a file with another extension, or with none
 *     checkTarget("production.ini#shop")      → "production.ini#shop"      an app of a configuration of PasteDeploy
 *
 * @throws OptionError for any other shape
 */
export function checkTarget(target: string): string {
  if (typeof target === "string" && isTarget(target)) return target;
  throw new OptionError(
    `pythonApp(target): target must be "module", "module:attribute", "module:factory()", "module:factory('text', debug=False)", one of these with "path/to/file.py" or "path/to/app.wsgi" instead of the module, or "production.ini" or "production.ini#name" for PasteDeploy; got ${JSON.stringify(target)}`,
  );
}

function isTarget(target: string): boolean {
  if (target.includes("\0")) return false;
  if (PASTE.test(target)) return true;
  const [, place = "", call = "()"] = SPLIT.exec(target) ?? [];
  return PLACE.test(place) && !place.endsWith(".ini") && isOneCall(call);
}

/**
 * Returns the path of the file that a target names, or may name: `shop.wsgi` can be a module or a file.
 *
 *     targetFile("site/app.wsgi:app")          → "site/app.wsgi"
 *     targetFile("config:production.ini#shop") → "production.ini"
 */
export function targetFile(target: string): string {
  return PASTE.exec(target)?.[1] ?? SPLIT.exec(target)?.[1] ?? target;
}

/** A string of Python, a bracket that opens, a bracket that closes, anything else. */
const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{]|[)\]}]|[^"'()[\]{}]+/sy;

/** Whether the first parenthesis is closed by the last one: `("a)", (1, 2))` is, `()()` is not. */
function isOneCall(call: string): boolean {
  let depth = 0;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < call.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(call)?.[0];
    if (token === undefined || (depth === 0 && at > 0)) return false;
    if ("([{".includes(token)) depth += 1;
    else if (")]}".includes(token)) depth -= 1;
  }
  return depth === 0;
}
