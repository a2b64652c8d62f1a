/** The error for a request body that is too large, for every host and transport. */
import { BodyTooLargeError } from "../errors.ts";

/** @param maxBodySize the limit, in bytes */
export function bodyTooLarge(maxBodySize: number): BodyTooLargeError {
  return new BodyTooLargeError(`the request body is larger than maxBodySize (${maxBodySize} bytes)`);
}
