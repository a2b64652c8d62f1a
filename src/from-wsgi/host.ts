/** The shapes of hosts, structurally: neither a framework nor its types are needed to use, or to build, this package. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHead } from "../wsgi/environ.ts";
import type { ResponseSink } from "../wsgi/response.ts";
import type { ParsedBody } from "./parsed-body.ts";
import type { SlowClientListener } from "./send-timeout.ts";

/** One request, as a host presents it: all that differs between Express, Koa and plain `node:http`. */
export interface HostExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Where the response goes. */
  readonly sink: HostSink;
  /** @throws BadRequestError for a target that cannot be translated */
  head(): RequestHead;
  /** What a middleware that has read the body left of it. */
  parsedBody(): ParsedBody;
  /** The app failed before its head was sent: the framework answers, or who else can. */
  answerError(error: unknown): void;
  /** The client has left, perhaps before an answer began: nobody must wait for one. Undefined where nobody does. */
  readonly clientLeft?: () => void;
  /** Hands the request to the next handler; undefined where there is none. */
  readonly passOn: (() => void) | undefined;
}

/** A sink whose client may be slow. */
export interface HostSink extends ResponseSink {
  /** Called when `sendTimeout` cuts the client off. */
  slowClient: SlowClientListener | undefined;
}

/** What a middleware's promise becomes: resolved with the head set, or rejected. */
export interface Settle {
  resolve(): void;
  reject(error: unknown): void;
  /** The next middleware is to answer. */
  passOn(): void;
}

/** What Express adds to a request and this package reads. On plain `node:http` all of it is absent. */
export type ExpressRequest = IncomingMessage &
  ParsedBody & {
    readonly baseUrl?: string;
    /** Connect sets it, too, and with it nothing else of these. */
    readonly originalUrl?: string;
    /** The path below the mount, undecoded, as routes match it. Not a string everywhere: restify has a method of this name. */
    readonly path?: unknown;
    /** Where `trust proxy` is kept. */
    readonly app?: { get(setting: string): unknown };
    /** By `trust proxy`. */
    readonly ip?: string | undefined;
    /** By `trust proxy`. */
    readonly protocol?: string;
  };

/** Express's and Connect's continuation. */
export type Next = (error?: unknown) => void;

/** Express or Connect middleware that is a plain `node:http` listener too. */
export type WsgiMiddleware = (req: IncomingMessage, res: ServerResponse, next?: Next) => void;

/** What this package reads and sets of Koa's context. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: ParsedBody & { readonly originalUrl: string };
  readonly path: string | null;
  readonly querystring: string;
  /** By `app.proxy`. */
  readonly ip: string;
  /** By `app.proxy`. */
  readonly protocol: string;
  /** By `app.proxy`. */
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
