/** A request's body, whole, and the length that is true of it. Knows `wsgi.input`; knows nothing of who is given the body. */
import { isEmptyInput } from "../wsgi/input.ts";
import type { Environ } from "../wsgi/types.ts";
import { type SpooledBody, type SpoolLimits, spool } from "./spool.ts";

/** One of them is called, once. */
export interface BodyEvents {
  /**
   * @param body undefined for a request that has none; else it is to be closed
   * @param contentLength its true size in bytes; undefined where no body was declared and none came
   */
  whole(body: SpooledBody | undefined, contentLength: number | undefined): void;
  /** The client has left, or the body is too long. */
  failed(reason: unknown): void;
}

/** Reads the body to its end. Where there is none, `whole` is called before this returns. */
export function readWholeBody(environ: Environ, limits: SpoolLimits, events: BodyEvents): void {
  const input = environ["wsgi.input"];
  const declared = environ.CONTENT_LENGTH === undefined ? undefined : 0;
  if (isEmptyInput(input)) {
    events.whole(undefined, declared);
    return;
  }
  spool(input, limits).then(
    (body) => events.whole(body, body.size === 0 ? declared : body.size),
    (error) => events.failed(error),
  );
}
