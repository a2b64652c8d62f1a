/** Validates the numbers in options. Knows ranges; knows no option. */
import { OptionError } from "../errors.ts";

/** The longest time that an option can have, in milliseconds: the limit of Node's timers. */
export const MAX_TIME: number = 2 ** 31 - 1;

/**
 * Returns the value.
 *
 * @throws OptionError that names the option, unless the value is a whole number from `min` to `max`
 */
export function count(option: string, value: number, max: number, min = 1): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new OptionError(`${option} must be a whole number from ${min} to ${max}, got ${String(value)}`);
}

/**
 * Returns the value.
 *
 * @throws OptionError that names the option, unless the value is a whole number from 0, or infinite
 */
export function bytes(option: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return count(option, value, Number.MAX_SAFE_INTEGER, 0);
}

/** Converts a time option to a timeout: 0 means no limit and becomes infinite. */
export function unlimited(milliseconds: number): number {
  return milliseconds === 0 ? Number.POSITIVE_INFINITY : milliseconds;
}
