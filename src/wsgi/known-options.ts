/** Refuses options that do not exist. Knows names; knows no value. */
import { closestMatch } from "leven";
import { OptionError } from "../errors.ts";

/** A name further away than this is another word, not a misspelling. */
const MAX_DISTANCE = 3;

/**
 * @param caller the function that got the options, as its user wrote it: "fromWsgi"
 * @param known every option it has
 * @throws OptionError for an unknown option, with the most similar name, and when `options` is no object
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
