/** The shapes of hosts, structurally: neither Express nor its types are needed to use, or to build, this package. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** What Express adds to a request and this package reads. On plain `node:http` all of it is absent. */
export interface ExpressRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  /** By `trust proxy`. */
  readonly ip?: string | undefined;
  /** By `trust proxy`. */
  readonly protocol?: string;
  /** By `trust proxy`. */
  readonly hostname?: string | undefined;
}

/** Express's and Connect's continuation. */
export type Next = (error?: unknown) => void;

/** Express or Connect middleware that is a plain `node:http` listener too. */
export type WsgiMiddleware = (req: IncomingMessage, res: ServerResponse, next?: Next) => void;
