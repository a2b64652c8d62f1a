/** Structural types of the hosts: Express, Koa, plain `node:http`. So this package needs no framework and no framework's types. */
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
  /** Called when the app has failed before its head was sent: sends the error response, or lets the framework send it. */
  answerError(error: unknown): void;
  /** Called when the client disconnects, even before the response begins. Undefined if nobody waits for the response. */
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
  /** Called when the response is set on the context, or when nobody waits for it any more. */
  resolve(): void;
  /** Called when the app has failed. */
  reject(error: unknown): void;
  /** Called to let the next middleware handle the request. */
  passOn(): void;
}

/** The properties of Express's request that this package reads. On plain `node:http` all of them are missing. */
export type ExpressRequest = IncomingMessage &
  ParsedBody & {
    readonly baseUrl?: string;
    /** The only one of these properties that Connect sets, too. */
    readonly originalUrl?: string;
    /** The undecoded path below the mount, which Express matches with its routes. In restify it is a method, not a string. */
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
