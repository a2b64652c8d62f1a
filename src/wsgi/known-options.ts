/** Refuses options that do not exist. Knows the names of options; does not know their values. */
import { closestMatch } from "leven";
import { OptionError } from "../errors.ts";

/** The maximum edit distance between an option and its misspelling. */
const MAX_DISTANCE = 3;

/**
 * Checks that every option exists. The error suggests the most similar name.
 *
 * @param caller the name of the function that takes the options, such as "fromWsgi"
 * @param known all options of that function
 * @throws OptionError for an unknown option, or if `options` is not an object
 */
export function checkOptionNames<Options extends object>(
  caller: string,
  options: Options,
  known: Readonly<Record<keyof Options, true>>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const type = options === null ? "null" : Array.isArray(options) ? "an array" : typeof options;
    throw new OptionError(`${caller}(): options must be an object, got ${type}`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const similar = closestMatch(name, names, { maxDistance: MAX_DISTANCE });
    const advice = similar === undefined ? `its options are ${names.join(", ")}` : `did you mean "${similar}"?`;
    throw new OptionError(`${caller}() has no option "${name}"; ${advice}`);
  }
}
