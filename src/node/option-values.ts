/** Numbers as options give them. Knows what a number can be; knows no option. */
import { OptionError } from "../errors.ts";

/** The longest time of an option, in milliseconds: Node's timers know no more. */
export const MAX_TIME: number = 2 ** 31 - 1;

/** @throws OptionError that names the option, unless the value is a whole number from `least` to `most` */
export function count(option: string, value: number, most: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OptionError(`${option} must be a whole number from ${least} to ${most}, got ${String(value)}`);
}

/** @throws OptionError that names the option, unless the value is a whole number from 0 on, or infinite */
export function bytes(option: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return count(option, value, Number.MAX_SAFE_INTEGER, 0);
}

/** A time for which 0 says that there is no limit. */
export function unlimited(milliseconds: number): number {
  return milliseconds === 0 ? Number.POSITIVE_INFINITY : milliseconds;
}
