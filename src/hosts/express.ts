/** What Express and plain `node:http` requests say of themselves, and how they are answered. Knows mounts and `trust proxy`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { BridgeError } from "../errors.ts";
import type { ParsedBody } from "../node/parsed-body.ts";
import { socketHead } from "../node/request-head.ts";
import type { SendTimeout } from "../node/send-timeout.ts";
import { NodeSink } from "../node/sink.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { percentDecode, splitTarget, targetAuthority } from "../wsgi/path.ts";
import type { ExpressRequest, HostExchange, Next } from "./types.ts";

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
 * @throws BadRequestError for a path that cannot be translated
 */
export function expressHead(req: ExpressRequest): RequestHead {
  const url = req.url ?? "/";
  const target = req.originalUrl ?? url;
  const { path, query } = splitTarget(url);
  return socketHead(req, {
    scriptName: req.baseUrl ? percentDecode(req.baseUrl) : "",
    pathInfo: isBareMount(req, path) ? "" : percentDecode(path),
    queryString: query,
    target,
    protocol: req.protocol,
    host: trustedHost(req) ?? targetAuthority(target),
    ip: req.ip,
  });
}

/** Express says `/` for `/mount` and `/mount/` alike; what the client sent tells them apart. */
function isBareMount(req: ExpressRequest, path: string): boolean {
  if (path !== "/" || !req.baseUrl || req.originalUrl === undefined) return false;
  return splitTarget(req.originalUrl).path === req.baseUrl;
}

/** X-Forwarded-Host, where Express's `trust proxy` believed it: then `hostname` is its and not Host's. */
function trustedHost(req: ExpressRequest): string | undefined {
  const header = req.headers["x-forwarded-host"];
  if (header === undefined || req.hostname === undefined) return undefined;
  const forwarded = String(header).split(",", 1)[0]?.trim() ?? "";
  const believed = hostnameOf(forwarded) === req.hostname && hostnameOf(req.headers.host ?? "") !== req.hostname;
  return believed ? forwarded : undefined;
}

const PORT = /:\d*$/;

function hostnameOf(host: string): string {
  return host.replace(PORT, "");
}

/** The status and not a word: whoever asks may be anybody. What an error has in `headers` is meant for the client. */
function answerBare(res: ServerResponse, error: unknown): void {
  const { status, headers }: { status: number; headers?: Readonly<Record<string, string>> } =
    error instanceof BridgeError ? error : { status: 500 };
  res.writeHead(status, { ...headers, "Content-Length": 0 }).end();
}
