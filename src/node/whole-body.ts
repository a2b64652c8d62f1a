/** Reads the whole body of a request and determines its real length. Knows `wsgi.input`; does not know who gets the body. */
import { isEmptyInput } from "../wsgi/input.ts";
import type { Environ } from "../wsgi/types.ts";
import { type SpooledBody, type SpoolLimits, spool } from "./spool.ts";

/** Exactly one of these callbacks is called, once. */
export interface BodyEvents {
  /**
   * Called when the body is complete.
   *
   * @param body undefined if the request has no body; otherwise the callee must close it
   * @param contentLength the real size in bytes; undefined if no body was declared and none arrived
   */
  onBody(body: SpooledBody | undefined, contentLength: number | undefined): void;
  /** Called when the client has disconnected, the body is too large, or it cannot be spooled. */
  onError(reason: unknown): void;
}

/** Reads the body to its end. If there is no body, `onBody` is called synchronously. */
export function readWholeBody(environ: Environ, limits: SpoolLimits, events: BodyEvents): void {
  const input = environ["wsgi.input"];
  const emptyLength = environ.CONTENT_LENGTH === undefined ? undefined : 0;
  if (isEmptyInput(input)) {
    events.onBody(undefined, emptyLength);
    return;
  }
  spool(input, limits).then(
    (body) => events.onBody(body, body.size === 0 ? emptyLength : body.size),
    (error) => events.onError(error),
  );
}
