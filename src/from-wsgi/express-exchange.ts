/** Reads and answers requests of Express, Connect and plain `node:http`. Knows mounts and `trust proxy`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { BridgeError } from "../errors.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { readsAlike, splitAgreed, twoReadings } from "../wsgi/one-reading.ts";
import { percentDecode, type SplitTarget, splitTarget, targetAuthority } from "../wsgi/path.ts";
import type { ExpressRequest, HostExchange, Next } from "./host.ts";
import type { ParsedBody } from "./parsed-body.ts";
import { socketHead } from "./request-head.ts";
import type { SendTimeout } from "./send-timeout.ts";
import { NodeSink } from "./sink.ts";

/** A request of Express or Connect or, without `next`, of plain `node:http`. */
export class ExpressExchange implements HostExchange {
  readonly req: ExpressRequest;
  readonly res: ServerResponse;
  readonly sink: NodeSink;
  readonly passOn: (() => void) | undefined;
  readonly #next: Next | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    options: { next: Next | undefined; sendTimeout: SendTimeout },
  ) {
    const { next, sendTimeout } = options;
    this.req = req;
    this.res = res;
    this.sink = new NodeSink(res, sendTimeout);
    this.#next = next;
    this.passOn = next && (() => next());
  }

  head(): RequestHead {
    return expressHead(this.req);
  }

  parsedBody(): ParsedBody {
    return this.req;
  }

  answerError(error: unknown): void {
    if (this.#next === undefined) {
      sendBareError(this.res, error);
      return;
    }
    if (!this.req.complete) finishOnResume(this.req);
    this.#next(error);
  }
}

/**
 * Makes the default error handler of Express and Connect respond before the upload ends. It resumes the request and waits for
 * `end` or `finish`; Node's requests never emit `finish`, so nobody else takes it for the end of the body.
 */
function finishOnResume(req: IncomingMessage): void {
  req.once("resume", () => req.emit("finish"));
}

/**
 * Reads a request's head. Call it synchronously: routers restore `url` and `baseUrl` as soon as their handler returns.
 *
 * If `originalUrl` exists, earlier middleware may have checked the path and the host. Then the app gets the same path and
 * host, and the authority of a target in absolute form is ignored. Without `originalUrl`, RFC 9112 alone applies.
 *
 * @throws BadRequestError for a path that cannot be translated, or that the framework reads differently
 */
export function expressHead(req: ExpressRequest): RequestHead {
  const url = req.url ?? "/";
  const target = req.originalUrl ?? url;
  const { path, query } = req.originalUrl === undefined ? splitTarget(url) : checkedUrl(req, url, target);
  return socketHead(req, {
    scriptName: req.baseUrl ? percentDecode(req.baseUrl) : "",
    pathInfo: isBareMount(req, path) ? "" : percentDecode(path),
    queryString: query,
    target,
    protocol: req.protocol,
    host: req.originalUrl === undefined ? targetAuthority(target) : trustedHost(req),
    ip: req.ip,
  });
}

/** Also checks the original target: a router that misreads it removes the mount path at the wrong place. */
function checkedUrl(req: ExpressRequest, url: string, target: string): SplitTarget {
  if (target !== url && !readsAlike(target)) throw twoReadings();
  return splitAgreed(url, req);
}

/** Whether the target is the mount path without a trailing slash. Express sets `url` to `/` for both `/mount` and `/mount/`. */
function isBareMount(req: ExpressRequest, path: string): boolean {
  if (path !== "/" || !req.baseUrl || req.originalUrl === undefined) return false;
  return splitTarget(req.originalUrl).path === req.baseUrl;
}

/** Returns X-Forwarded-Host if `trust proxy` allows it, read in the same way as Express's `req.host` and `req.hostname`. */
function trustedHost(req: ExpressRequest): string | undefined {
  const header = req.headers["x-forwarded-host"];
  if (typeof header !== "string" || header === "") return undefined;
  const trusts = req.app?.get("trust proxy fn"); // Express 4's `req.hostname` has no port, so read the header
  if (typeof trusts !== "function" || !trusts(req.socket.remoteAddress, 0)) return undefined;
  const comma = header.indexOf(",");
  return comma === -1 ? header : header.slice(0, comma).trimEnd();
}

/** Sends the status and the error's `headers`, without a body: clients must not see messages. */
function sendBareError(res: ServerResponse, error: unknown): void {
  const { status, headers }: { status: number; headers?: Readonly<Record<string, string>> } =
    error instanceof BridgeError ? error : { status: 500 };
  res.writeHead(status, { ...headers, "Content-Length": 0 }).end();
}
