/** Whether a request whose process died is given to another one. Knows methods, paths and times; knows no process. */
import { createHash } from "node:crypto";
import type { Environ } from "../wsgi/types.ts";

/** Methods that may be tried again on another process (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_TRIES = 2;
const FORGET_AFTER_MS = 60_000;
/** Those beyond push the oldest out. To enter a path costs two processes, so a client cannot do so often. */
const MAX_PATHS = 1_000;

export class Retries {
  /** Until when a path is not tried again, by its digest, since a client chooses its length. The oldest is the first. */
  readonly #crashing: Map<string, number> = new Map();

  /**
   * A path that has ended two processes, the second of them alone, is not tried twice again for a while.
   *
   * @param tries how many processes were given the request; the last has died
   * @param alone no other request was in that one
   * @param now milliseconds of a clock that never goes back
   */
  allows(
    environ: Environ,
    tries: number,
    { alone, now = performance.now() }: { alone: boolean; now?: number },
  ): boolean {
    if (!SAFE.has(environ.REQUEST_METHOD)) return false;
    const path = digest(environ);
    if (tries < MAX_TRIES) return (this.#crashing.get(path) ?? 0) <= now;
    if (alone) this.#remember(path, now + FORGET_AFTER_MS); // nobody else can have been the reason
    return false;
  }

  #remember(path: string, until: number): void {
    this.#crashing.delete(path);
    this.#crashing.set(path, until);
    if (this.#crashing.size > MAX_PATHS) this.#crashing.delete(this.#crashing.keys().next().value as string);
  }
}

/** Without the query: whoever makes a path fail can choose another query each time. */
function digest({ REQUEST_METHOD, SCRIPT_NAME, PATH_INFO }: Environ): string {
  return createHash("sha256").update(`${REQUEST_METHOD} ${SCRIPT_NAME}${PATH_INFO}`).digest("base64");
}
