/** Structural types of the hosts. Neither the frameworks nor their types are needed to build or use this package. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHead } from "../wsgi/environ.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { ParsedBody } from "./parsed-body.ts";
import type { SendTimeoutListener } from "./send-timeout.ts";

/** One request of a host. Contains everything that differs between Express, Koa and plain `node:http`. */
export interface HostExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Receives the response. */
  readonly sink: HostSink;
  /** @throws BadRequestError for a request target that cannot be translated */
  head(): RequestHead;
  /** The body that earlier middleware has read and left behind. */
  parsedBody(): ParsedBody;
  /** Called when the app failed before its head was sent. The framework, or else the host itself, sends the error response. */
  answerError(error: unknown): void;
  /** Called when the client disconnects, even before a response began. Undefined if nobody waits for the response. */
  readonly onDisconnect?: () => void;
  /** Passes the request on to the next handler; undefined if there is none. */
  readonly passOn: (() => void) | undefined;
}

/** A sink that enforces `sendTimeout`. */
export interface HostSink extends ResponseSink {
  /** Notified when the response is aborted because of `sendTimeout`. */
  sendTimeoutListener: SendTimeoutListener | undefined;
}

/** Settles the promise of a Koa middleware. */
export interface Settle {
  /** The response is set on the context, or nobody waits for one. */
  resolve(): void;
  /** The app failed. */
  reject(error: unknown): void;
  /** The next middleware handles the request. */
  passOn(): void;
}

/** The properties of Express's request that this package reads. On plain `node:http` all of them are missing. */
export type ExpressRequest = IncomingMessage &
  ParsedBody & {
    readonly baseUrl?: string;
    /** Connect sets this one, too, but none of the others. */
    readonly originalUrl?: string;
    /** The undecoded path below the mount, which routes match. Not always a string: in restify it is a method. */
    readonly path?: unknown;
    /** Holds the setting `trust proxy`. */
    readonly app?: { get(setting: string): unknown };
    /** Depends on `trust proxy`. */
    readonly ip?: string | undefined;
    /** Depends on `trust proxy`. */
    readonly protocol?: string;
  };

/** The `next` function of Express and Connect. */
export type Next = (error?: unknown) => void;

/** Middleware for Express and Connect that also works as a plain `node:http` request listener. */
export type WsgiMiddleware = (req: IncomingMessage, res: ServerResponse, next?: Next) => void;

/** The properties of Koa's context that this package reads and sets. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: ParsedBody & { readonly originalUrl: string };
  readonly path: string | null;
  readonly querystring: string;
  /** Depends on `app.proxy`. */
  readonly ip: string;
  /** Depends on `app.proxy`. */
  readonly protocol: string;
  /** Depends on `app.proxy`. */
  readonly host: string;
  status: number;
  message: string;
  body: unknown;
  readonly response: { readonly header: Record<string, unknown> };
  set(name: string, value: string | string[]): void;
  remove(name: string): void;
}

/** Koa middleware. */
export type KoaMiddleware<Context extends KoaContext = KoaContext> = (
  context: Context,
  next: () => Promise<unknown>,
) => Promise<void>;
