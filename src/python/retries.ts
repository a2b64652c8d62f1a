/** Decides whether a request is retried after its process died. Knows methods, paths and times; knows no process. */
import { createHash } from "node:crypto";
import type { Environ } from "../wsgi/types.ts";

/** Safe methods: these requests may be sent to another process (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_ATTEMPTS = 2;
/** How long a path is not retried after it was blocked. */
const BLOCKED_MS = 60_000;
/** Above this number the oldest path is dropped. Each path has crashed two processes, so clients cannot add paths quickly. */
const MAX_PATHS = 1_000;

export class Retries {
  /** The time until which a path is not retried, oldest entry first. The key is a digest, because clients choose the path's length. */
  readonly #blockedUntil: Map<string, number> = new Map();

  /**
   * Returns true if the request may be retried. If a request crashed two processes, and was alone in the second one, its path
   * is blocked: for a while, requests for it are not retried.
   *
   * @param attempts how many processes have received the request; the last one has died
   * @param alone true if no other request was in that last process
   * @param now milliseconds of a monotonic clock
   */
  allows(
    environ: Environ,
    attempts: number,
    { alone, now = performance.now() }: { alone: boolean; now?: number },
  ): boolean {
    if (!SAFE.has(environ.REQUEST_METHOD)) return false;
    const path = digest(environ);
    if (attempts < MAX_ATTEMPTS) return (this.#blockedUntil.get(path) ?? 0) <= now;
    if (alone) this.#block(path, now + BLOCKED_MS); // no other request can be the cause
    return false;
  }

  #block(path: string, until: number): void {
    this.#blockedUntil.delete(path);
    this.#blockedUntil.set(path, until);
    if (this.#blockedUntil.size > MAX_PATHS) {
      this.#blockedUntil.delete(this.#blockedUntil.keys().next().value as string);
    }
  }
}

/** Ignores the query, which an attacker can change with each request. */
function digest({ REQUEST_METHOD, SCRIPT_NAME, PATH_INFO }: Environ): string {
  return createHash("sha256").update(`${REQUEST_METHOD} ${SCRIPT_NAME}${PATH_INFO}`).digest("base64");
}
