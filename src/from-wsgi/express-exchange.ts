/** What Express and plain `node:http` requests say of themselves, and how they are answered. Knows mounts and `trust proxy`. */
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

/** A request on Express, Connect or, without `next`, on plain `node:http`. */
export class ExpressExchange implements HostExchange {
  readonly req: ExpressRequest;
  readonly res: ServerResponse;
  readonly sink: NodeSink;
  readonly passOn: (() => void) | undefined;
  readonly #next: Next | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, around: { next: Next | undefined; sendTimeout: SendTimeout }) {
    const { next, sendTimeout } = around;
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
    if (this.#next !== undefined) this.#next(error);
    else answerBare(this.res, error);
  }
}

/**
 * Reads a request's head. Call it at once: routers put `url` and `baseUrl` back when they are left.
 *
 * Middleware's guards have read path and host where there is an `originalUrl`: then the app gets what they got, and the
 * authority of a target in absolute form decides nothing. Without any, RFC 9112 alone says what is read.
 *
 * @throws BadRequestError for a path that cannot be translated, or that a framework reads differently
 */
export function expressHead(req: ExpressRequest): RequestHead {
  const url = req.url ?? "/";
  const target = req.originalUrl ?? url;
  const { path, query } = req.originalUrl === undefined ? splitTarget(url) : guardedUrl(req, url, target);
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

/** A router that cuts a mount off a target that it misread makes another path of it, so that the original counts, too. */
function guardedUrl(req: ExpressRequest, url: string, target: string): SplitTarget {
  if (target !== url && !readsAlike(target)) throw twoReadings();
  return splitAgreed(url, req);
}

/** Express says `/` for `/mount` and `/mount/` alike; what the client sent tells them apart. */
function isBareMount(req: ExpressRequest, path: string): boolean {
  if (path !== "/" || !req.baseUrl || req.originalUrl === undefined) return false;
  return splitTarget(req.originalUrl).path === req.baseUrl;
}

/** X-Forwarded-Host where `trust proxy` believes it, read as Express's `req.host` and `req.hostname` read it. */
function trustedHost(req: ExpressRequest): string | undefined {
  const header = req.headers["x-forwarded-host"];
  if (typeof header !== "string" || header === "") return undefined;
  const trusts = req.app?.get("trust proxy fn"); // Express 4 says without a port what it believes, so that is not enough
  if (typeof trusts !== "function" || !trusts(req.socket.remoteAddress, 0)) return undefined;
  const comma = header.indexOf(",");
  return comma === -1 ? header : header.slice(0, comma).trimEnd();
}

/** The status and not a word: whoever asks may be anybody. What an error has in `headers` is meant for the client. */
function answerBare(res: ServerResponse, error: unknown): void {
  const { status, headers }: { status: number; headers?: Readonly<Record<string, string>> } =
    error instanceof BridgeError ? error : { status: 500 };
  res.writeHead(status, { ...headers, "Content-Length": 0 }).end();
}
